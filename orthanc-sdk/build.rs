//! Makes Rust declarations from the installed `orthanc/OrthancCPlugin.h`.
//!
//! The header is not part of this repository. `ORTHANC_SDK_INCLUDE` names another folder that holds
//! `orthanc/OrthancCPlugin.h`; without it the system's include folders are searched.
//! The header's functions are all `static inline`, so types and constants are all that is needed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::exit;

const HEADER: &str = "orthanc/OrthancCPlugin.h";
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/include", "/usr/local/include"];

/// Everything of the header that this crate uses.
const TYPES: [&str; 30] = [
    "OrthancPluginContext",
    "OrthancPluginMemoryBuffer",
    "OrthancPluginHttpRequest",
    "OrthancPluginRestOutput",
    "OrthancPluginDicomInstance",
    "OrthancPluginErrorCode",
    "OrthancPluginHttpMethod",
    "OrthancPluginChangeType",
    "OrthancPluginResourceType",
    "OrthancPluginInstanceOrigin",
    "OrthancPluginMetricsType",
    "_OrthancPluginService",
    "_OrthancPluginProperty",
    "_OrthancPluginRestCallback",
    "_OrthancPluginOnStoredInstanceCallback",
    "_OrthancPluginOnChangeCallback",
    "_OrthancPluginIncomingHttpRequestFilter2",
    "_OrthancPluginAnswerBuffer",
    "_OrthancPluginOutputPlusArgument",
    "_OrthancPluginSetHttpHeader",
    "_OrthancPlugin(SendHttpStatus|RetrieveDynamicString)",
    "_OrthancPluginAccessDicomInstance",
    "_OrthancPluginGetDicomForInstance",
    "_OrthancPlugin(Create|Free)DicomInstance",
    "_OrthancPlugin(SetPluginProperty|SetMetricsValue)",
    "_OrthancPluginGetErrorDescription",
    "_OrthancPluginCallRestApi",
    "_OrthancPluginCallHttpClient2",
    "_OrthancPluginLookupDictionary",
    "_OrthancPluginDicomToJson",
];

fn main() {
    println!("cargo::rerun-if-changed=wrapper.h");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=ORTHANC_SDK_INCLUDE");

    let include = find_include_folder();
    println!("cargo::rerun-if-changed={}", include.join(HEADER).display());

    let mut builder = bindgen::Builder::default()
        .header("wrapper.h")
        .clang_arg(format!("-I{}", include.display()))
        .generate_comments(false)
        .layout_tests(true)
        .prepend_enum_name(false)
        .rust_edition(bindgen::RustEdition::Edition2024);
    for pattern in TYPES {
        builder = builder.allowlist_type(pattern);
    }

    // bindgen panics when it cannot load libclang: say which package brings it instead.
    let generated = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| builder.generate()));
    let bindings = match generated {
        Ok(Ok(bindings)) => bindings,
        Ok(Err(error)) => fail(&format!("bindgen could not read {HEADER}: {error}")),
        Err(_) => fail(
            "bindgen could not be run, most likely because libclang is missing. \
             Install it (Debian, Ubuntu: apt-get install libclang-dev) or set LIBCLANG_PATH.",
        ),
    };

    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("bindings.rs");
    if let Err(error) = bindings.write_to_file(&out) {
        fail(&format!("cannot write {}: {error}", out.display()));
    }
}

fn find_include_folder() -> PathBuf {
    if let Some(folder) = env::var_os("ORTHANC_SDK_INCLUDE") {
        let folder = PathBuf::from(folder);
        if folder.join(HEADER).is_file() {
            return folder;
        }
        fail(&format!(
            "ORTHANC_SDK_INCLUDE is {}, but there is no {HEADER} in it",
            folder.display()
        ));
    }
    match SYSTEM_FOLDERS
        .iter()
        .find(|folder| Path::new(folder).join(HEADER).is_file())
    {
        Some(folder) => PathBuf::from(folder),
        None => fail(&format!(
            "{HEADER} is missing. Install Orthanc's plugin SDK (Debian, Ubuntu: apt-get install \
             orthanc-dev), or set ORTHANC_SDK_INCLUDE to the folder that holds {HEADER}.",
        )),
    }
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    eprintln!("error: {message}");
    exit(1)
}
