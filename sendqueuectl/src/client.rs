//! HTTP to Orthanc, with errors that say what to do.

use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sendqueue_words::item::system::words;
use serde_json::{Value, json};
use ureq::tls::{RootCerts, TlsConfig};

use crate::cli::Cli;
use crate::show::field;

const TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "{url} cannot be reached: {}. Is Orthanc running, and --url or SENDQUEUE_URL right?",
        cause(source)
    )]
    Unreachable {
        url: String,
        source: Box<ureq::Error>,
    },
    #[error(
        "Orthanc asks for a login: set SENDQUEUE_USER and SENDQUEUE_PASSWORD, or --credentials FILE"
    )]
    NoLogin,
    #[error(
        "a login does not belong into the URL, where others see it: SENDQUEUE_USER and SENDQUEUE_PASSWORD, or --credentials FILE"
    )]
    LoginInUrl,
    #[error("Orthanc does not take this login (user {user})")]
    WrongLogin { user: String },
    #[error("Orthanc does not allow this: HTTP status 403{0}")]
    Forbidden(String),
    #[error("there is no /sendqueue at {0}: the plugin is not loaded, or this is not Orthanc")]
    NotLoaded(String),
    /// With why.
    #[error("the send queue is off ({0})")]
    Off(String),
    #[error(
        "{url} answers with HTTP status {status}, as a proxy does: does it lead to Orthanc, and is --url right?"
    )]
    Proxy { url: String, status: u16 },
    #[error("{0}")]
    BadInput(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Refused(String),
    #[error("the answer of {0} is not what the send queue says; is --url right?")]
    Strange(String),
    #[error("{path}: {problem}")]
    File { path: String, problem: String },
}

/// What the network says, in the plugin's words for it.
fn cause(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => words(error),
        error => error.to_string(),
    }
}

pub struct Client {
    agent: ureq::Agent,
    base: String,
    login: Option<(String, String)>,
}

impl Client {
    /// # Errors
    /// When a file that an option names cannot be used.
    pub fn new(cli: &Cli) -> Result<Self, ClientError> {
        if let Some(path) = &cli.credentials {
            warn_of(path);
        }
        Self::with(cli, TIMEOUT)
    }

    /// Which gives up after `timeout`, and prints no warning.
    ///
    /// # Errors
    /// When a file that an option names cannot be used.
    pub fn with(cli: &Cli, timeout: Duration) -> Result<Self, ClientError> {
        let file = cli
            .credentials
            .as_deref()
            .map(read_credentials)
            .transpose()?;
        let text = |key: &str| {
            let value = file.as_ref()?.get(key)?;
            value.as_str().map(str::to_owned)
        };
        let url = cli.url.clone().or_else(|| text("Url"));
        let url = url.unwrap_or_else(|| "http://localhost:8042".to_owned());
        if url
            .split("://")
            .nth(1)
            .is_some_and(|rest| rest.split('/').next().unwrap_or_default().contains('@'))
        {
            return Err(ClientError::LoginInUrl);
        }
        let login = match file {
            Some(_) => Some((
                text("User").unwrap_or_default(),
                text("Password").unwrap_or_default(),
            )),
            None => environment(),
        };
        // The machine's own authorities: a hospital's is among them.
        let mut tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
        if let Some(path) = &cli.ca {
            tls = tls.root_certs(RootCerts::from(certificates(path)?));
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Orthanc closes a kept connection after a second; whether a request on it was taken, nobody would know.
            .max_idle_connections(0)
            .tls_config(tls.build())
            .build()
            .into();
        Ok(Self {
            agent,
            base: url.trim_end_matches('/').to_owned(),
            login,
        })
    }

    /// # Errors
    /// As [`ClientError`] tells.
    pub fn get(&self, path: &str, arguments: &[(&str, String)]) -> Result<Value, ClientError> {
        Ok(self.get_some(path, arguments)?.0)
    }

    /// The same, and whether this is all of it.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub fn get_some(
        &self,
        path: &str,
        arguments: &[(&str, String)],
    ) -> Result<(Value, bool), ClientError> {
        let answer = self.call(path, arguments);
        let is_all = answer.as_ref().map_or(true, is_complete);
        Ok((self.read(path, answer)?, is_all))
    }

    /// What is no JSON, and whether this is all of it.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub fn get_bytes(
        &self,
        path: &str,
        arguments: &[(&str, String)],
    ) -> Result<(Vec<u8>, bool), ClientError> {
        let answer = self.call(path, arguments);
        let mut answer = answer.map_err(|error| self.unreachable(error))?;
        if answer.status().as_u16() != 200 {
            return Err(match self.read(path, Ok(answer)) {
                Err(error) => error,
                Ok(_) => ClientError::Strange(self.url(path)),
            });
        }
        let is_all = is_complete(&answer);
        let body = answer.body_mut().with_config().limit(u64::MAX);
        let bytes = body.read_to_vec();
        Ok((bytes.map_err(|error| self.unreachable(error))?, is_all))
    }

    fn call(
        &self,
        path: &str,
        arguments: &[(&str, String)],
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in arguments {
            request = request.query(*name, value);
        }
        if let Some(login) = self.authorization() {
            request = request.header("Authorization", login);
        }
        request.call()
    }

    /// The queue as a whole.
    ///
    /// # Errors
    /// As [`ClientError`] tells; while the queue is off that is one too.
    pub fn queue(&self) -> Result<Value, ClientError> {
        let queue = self.get("", &[])?;
        match queue["Enabled"] == false {
            true => Err(ClientError::Off(field(&queue, "Reason"))),
            false => Ok(queue),
        }
    }

    /// # Errors
    /// As [`ClientError`] tells.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.read(path, self.send(self.url(path), body))
    }

    /// What Orthanc itself tells of studies.
    ///
    /// # Errors
    /// As [`ClientError`] tells; what Orthanc has no more is not in the answer.
    pub fn described(&self, studies: &[String]) -> Result<Value, ClientError> {
        let path = "/tools/bulk-content";
        let url = format!("{}{path}", self.base);
        let question = json!({ "Resources": studies, "Level": "Study" });
        self.read(path, self.send(url, &question))
    }

    fn send(
        &self,
        url: String,
        body: &Value,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let mut request = self.agent.post(url);
        request = request.header("Content-Type", "application/json");
        if let Some(login) = self.authorization() {
            request = request.header("Authorization", login);
        }
        request.send(body.to_string())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/sendqueue{path}", self.base)
    }

    fn authorization(&self) -> Option<String> {
        let (user, password) = self.login.as_ref()?;
        Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{user}:{password}"))
        ))
    }

    fn unreachable(&self, error: ureq::Error) -> ClientError {
        ClientError::Unreachable {
            url: self.base.clone(),
            source: Box::new(error),
        }
    }

    /// Why Orthanc knows no such URL. While the queue is off there is `/sendqueue` itself, and nothing below it.
    fn absent(&self, path: &str) -> ClientError {
        let queue = (!path.is_empty()).then(|| self.queue());
        match queue {
            Some(Err(off @ ClientError::Off(_))) => off,
            _ => ClientError::NotLoaded(self.base.clone()),
        }
    }

    fn proxy(&self, status: u16) -> ClientError {
        ClientError::Proxy {
            url: self.base.clone(),
            status,
        }
    }

    fn read(
        &self,
        path: &str,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, ClientError> {
        let unreachable = |error| self.unreachable(error);
        let mut answer = answer.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let text = answer
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .read_to_string()
            .map_err(unreachable)?;
        let body: Option<Value> = serde_json::from_str(&text).ok();
        let details = body
            .as_ref()
            .and_then(|body| body.get("Details").or_else(|| body.get("Message")))
            .and_then(Value::as_str);
        match status {
            200 if body.is_some() => Ok(body.unwrap_or_default()),
            // A health that is not well is an answer.
            503 if path == "/health" && body.is_some() => Ok(body.unwrap_or_default()),
            200 => Err(ClientError::Strange(self.url(path))),
            // The send queue says none of these, and with 503 why.
            300..=399 | 502 | 504 => Err(self.proxy(status)),
            503 if details.is_none() => Err(self.proxy(status)),
            401 => Err(match &self.login {
                Some((user, _)) => ClientError::WrongLogin { user: user.clone() },
                None => ClientError::NoLogin,
            }),
            403 => Err(ClientError::Forbidden(
                details
                    .map(|details| format!(": {details}"))
                    .unwrap_or_default(),
            )),
            // Orthanc's own 404 has no Details.
            404 if body
                .as_ref()
                .is_none_or(|body| body.get("Details").is_none()) =>
            {
                Err(self.absent(path))
            }
            _ => {
                let words = details.map_or_else(|| format!("HTTP status {status}"), str::to_owned);
                Err(match status {
                    400 => ClientError::BadInput(words),
                    404 => ClientError::NotFound(words),
                    _ => ClientError::Refused(words),
                })
            }
        }
    }
}

/// Whether an answer is all that there is.
fn is_complete(answer: &ureq::http::Response<ureq::Body>) -> bool {
    let word = answer.headers().get("Sendqueue-Complete");
    word.is_none_or(|word| word != "false")
}

fn environment() -> Option<(String, String)> {
    let user = std::env::var("SENDQUEUE_USER").ok()?;
    Some((
        user,
        std::env::var("SENDQUEUE_PASSWORD").unwrap_or_default(),
    ))
}

fn file_error(path: &Path, problem: impl std::fmt::Display) -> ClientError {
    ClientError::File {
        path: path.display().to_string(),
        problem: problem.to_string(),
    }
}

/// Tells if others can read a file with a password.
#[cfg(unix)]
fn warn_of(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode());
    if mode & 0o077 != 0 {
        eprintln!(
            "sendqueuectl: warning: {}: others can read this file (chmod 600)",
            path.display()
        );
    }
}

#[cfg(not(unix))]
fn warn_of(_: &Path) {}

fn read_credentials(path: &Path) -> Result<Value, ClientError> {
    let text = fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        // Without serde's excerpt: it may hold the password.
        file_error(
            path,
            format!("not JSON, line {} column {}", error.line(), error.column()),
        )
    })?;
    for key in ["User", "Password"] {
        if !value.get(key).is_some_and(Value::is_string) {
            return Err(file_error(path, format!("{key} is missing or no text")));
        }
    }
    Ok(value)
}

fn certificates(path: &Path) -> Result<Vec<ureq::tls::Certificate<'static>>, ClientError> {
    let pem = fs::read(path).map_err(|error| file_error(path, error))?;
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(file_error(path, error)),
        }
    }
    if found.is_empty() {
        return Err(file_error(path, "no certificate (PEM) in it"));
    }
    Ok(found)
}
