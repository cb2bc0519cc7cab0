//! The items of a sequence, read when somebody wants to see them.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::head::Form;
use crate::walk::{DEEPEST, Walker};
use crate::{Elements, Malformed};

#[derive(Debug, Clone)]
pub(crate) struct Items<'f> {
    /// As in the input, the delimiter included. Empty for those that were made.
    raw: Cow<'f, [u8]>,
    /// Where it stands in the data set.
    at: usize,
    form: Form,
    /// The sequence ends with a delimiter.
    pub(crate) delimited: bool,
    /// Of the sequence: how many it is in.
    depth: usize,
    read: OnceCell<Vec<Elements<'f>>>,
    /// What has been read may have become another.
    touched: bool,
}

impl<'f> Items<'f> {
    pub(crate) fn found(
        raw: &'f [u8],
        at: usize,
        form: Form,
        delimited: bool,
        depth: usize,
    ) -> Items<'f> {
        Items {
            raw: Cow::Borrowed(raw),
            at,
            form,
            delimited,
            depth,
            read: OnceCell::new(),
            touched: false,
        }
    }

    pub(crate) fn made(items: Vec<Elements<'f>>) -> Items<'f> {
        Items {
            raw: Cow::Borrowed(&[]),
            at: 0,
            form: Form::ExplicitLittle,
            delimited: false,
            depth: 0,
            read: OnceCell::from(items),
            touched: true,
        }
    }

    /// The bytes, while nobody has changed anything.
    pub(crate) fn untouched(&self, form: Form) -> Option<&[u8]> {
        (!self.touched && self.form == form).then_some(&*self.raw)
    }

    pub(crate) fn is_empty(&self) -> bool {
        let unread = if self.delimited { 8 } else { 0 };
        self.read
            .get()
            .map_or(self.raw.len() <= unread, Vec::is_empty)
    }

    pub(crate) fn get(&self) -> Result<&Vec<Elements<'f>>, Malformed> {
        if let Some(read) = self.read.get() {
            return Ok(read);
        }
        let read = match &self.raw {
            Cow::Borrowed(raw) => self.parse(raw)?,
            Cow::Owned(raw) => self.parse(raw)?.into_iter().map(Elements::owned).collect(),
        };
        Ok(self.read.get_or_init(|| read))
    }

    pub(crate) fn get_mut(&mut self) -> Result<&mut Vec<Elements<'f>>, Malformed> {
        self.get()?;
        self.touched = true;
        match self.read.get_mut() {
            Some(read) => Ok(read),
            None => unreachable!("it was read just now"),
        }
    }

    /// Whether the bytes have the tag in them: what has not need not be read to look for it.
    pub(crate) fn may_have(&self, tag: crate::Tag) -> bool {
        let mut bytes = [0; 4];
        bytes[..2].copy_from_slice(&self.form.short_bytes(tag.0));
        bytes[2..].copy_from_slice(&self.form.short_bytes(tag.1));
        let little = crate::signatures::bytes_of(tag);
        self.touched
            || memchr::memmem::find(&self.raw, &bytes).is_some()
            || (bytes != little && memchr::memmem::find(&self.raw, &little).is_some())
    }

    pub(crate) fn owned<'a>(self) -> Items<'a> {
        let read = OnceCell::new();
        if let Some(items) = self.read.into_inner() {
            let _ = read.set(items.into_iter().map(Elements::owned).collect());
        }
        Items {
            raw: Cow::Owned(self.raw.into_owned()),
            read,
            at: self.at,
            form: self.form,
            delimited: self.delimited,
            depth: self.depth,
            touched: self.touched,
        }
    }

    fn parse<'a>(&self, raw: &'a [u8]) -> Result<Vec<Elements<'a>>, Malformed> {
        if self.depth >= DEEPEST {
            return Err(Malformed::at(
                self.at,
                "a sequence that is nested too deeply",
            ));
        }
        let mut items = Vec::new();
        let mut walker = Walker::new(raw, self.at);
        while let Some(item) = walker.next_item(self.form, self.delimited, self.depth)? {
            items.push(Elements::read(&item, self.form, self.depth + 1)?);
        }
        Ok(items)
    }
}
