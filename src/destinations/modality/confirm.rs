//! Whether a modality has what it acknowledged: always asked by our own SCU, however it is sent to.

use super::NativeWay;
use crate::transport::confirm::{Answers, Question};

impl NativeWay {
    pub(super) fn confirm(&self, question: &Question<'_>) -> Answers {
        self.call(|to| self.native.confirm(to, question))
    }
}
