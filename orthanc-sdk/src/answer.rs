//! Sends a [`Response`] through Orthanc. Which call for which status: 200 `AnswerBuffer`, 301 `Redirect`,
//! 401 `SendUnauthorized`, 405 `SendMethodNotAllowed`, all else `SendHttpStatus`.

use std::ffi::CString;

use crate::context::{Lease, size_u32};
use crate::error::CallError;
use crate::host::Host;
use crate::http::Response;
use crate::raw;

/// # Safety
/// `output` must be the output of the REST callback that is running, and not be answered yet.
pub(crate) unsafe fn send(
    host: Host,
    output: *mut raw::OrthancPluginRestOutput,
    response: &Response,
) -> Result<(), CallError> {
    let lease = host.lease()?;
    let reply = Reply {
        lease: &lease,
        output,
    };
    // SAFETY: the caller vouches for the output, which is all that these calls need.
    unsafe {
        match response.status {
            200 => reply.answer_buffer(response),
            301 => reply.argument(
                raw::_OrthancPluginService_Redirect,
                &header_text(response.header("Location").unwrap_or("/")),
            ),
            401 => reply.argument(
                raw::_OrthancPluginService_SendUnauthorized,
                &header_text(host.plugin_name()),
            ),
            405 => reply.argument(
                raw::_OrthancPluginService_SendMethodNotAllowed,
                &header_text(response.header("Allow").unwrap_or("")),
            ),
            _ => reply.http_status(response),
        }
    }
}

struct Reply<'l> {
    lease: &'l Lease,
    output: *mut raw::OrthancPluginRestOutput,
}

impl Reply<'_> {
    /// # Safety
    /// The output must be valid and not answered yet. The same for all functions here.
    unsafe fn answer_buffer(&self, response: &Response) -> Result<(), CallError> {
        let size = size_u32("the body", response.body.len())?;
        // SAFETY: as the caller promises.
        unsafe { self.headers(response)? };
        let mime = if response.content_type.is_empty() {
            "application/octet-stream"
        } else {
            &response.content_type
        };
        let mime = header_text(mime);
        let params = raw::_OrthancPluginAnswerBuffer {
            output: self.output,
            answer: response.body.as_ptr().cast(),
            answerSize: size,
            mimeType: mime.as_ptr(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe { self.invoke(raw::_OrthancPluginService_AnswerBuffer, &raw const params) }
    }

    /// # Safety
    /// As [`Self::answer_buffer`].
    unsafe fn http_status(&self, response: &Response) -> Result<(), CallError> {
        let size = size_u32("the body", response.body.len())?;
        // SAFETY: as the caller promises.
        unsafe {
            if size > 0 && !response.content_type.is_empty() {
                self.header("Content-Type", &response.content_type)?;
            }
            self.headers(response)?;
        }
        let params = raw::_OrthancPluginSendHttpStatus {
            output: self.output,
            status: response.status,
            body: response.body.as_ptr().cast(),
            bodySize: size,
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe { self.invoke(raw::_OrthancPluginService_SendHttpStatus, &raw const params) }
    }

    /// # Safety
    /// As [`Self::answer_buffer`].
    unsafe fn argument(
        &self,
        service: raw::_OrthancPluginService,
        argument: &CString,
    ) -> Result<(), CallError> {
        let params = raw::_OrthancPluginOutputPlusArgument {
            output: self.output,
            argument: argument.as_ptr(),
        };
        // SAFETY: the parameters are those of the three services that are used with this.
        unsafe { self.invoke(service, &raw const params) }
    }

    /// # Safety
    /// As [`Self::answer_buffer`].
    unsafe fn headers(&self, response: &Response) -> Result<(), CallError> {
        for (name, value) in &response.headers {
            if !is_token(name) {
                log::error!("a response's header was left out, its name is not valid: {name}");
            } else if !name.eq_ignore_ascii_case("Content-Type")
                && !name.eq_ignore_ascii_case("Content-Length")
            {
                // SAFETY: as the caller promises.
                unsafe { self.header(name, value)? };
            }
        }
        Ok(())
    }

    /// # Safety
    /// As [`Self::answer_buffer`].
    unsafe fn header(&self, name: &str, value: &str) -> Result<(), CallError> {
        let (name, value) = (header_text(name), header_text(value));
        let params = raw::_OrthancPluginSetHttpHeader {
            output: self.output,
            key: name.as_ptr(),
            value: value.as_ptr(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe { self.invoke(raw::_OrthancPluginService_SetHttpHeader, &raw const params) }
    }

    /// # Safety
    /// As [`Lease::invoke`].
    unsafe fn invoke<T>(
        &self,
        service: raw::_OrthancPluginService,
        params: *const T,
    ) -> Result<(), CallError> {
        // SAFETY: as the caller promises.
        unsafe { self.lease.invoke(service, params) }.map_err(|code| self.lease.refused(code))
    }
}

/// A header's value on one line: Orthanc writes it out as it is.
fn header_text(text: &str) -> CString {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    // No NUL is left in it.
    CString::new(clean).unwrap_or_default()
}

/// RFC 9110 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::{header_text, is_token};

    #[test]
    fn a_header_cannot_carry_another() {
        assert_eq!(
            header_text("a\r\nSet-Cookie: b\0c").to_str(),
            Ok("a  Set-Cookie: b c")
        );
        assert!(
            is_token("X-Total")
                && !is_token("")
                && !is_token("a b")
                && !is_token("a:b")
                && !is_token("ä")
        );
    }
}
