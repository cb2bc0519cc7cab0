//! The fields that a request may have.

/// A request whose fields are known by name; anything else in it is a mistake.
pub trait Named {
    const NAMES: &'static [&'static str];
}

/// A struct of a request: each field with its name in the request, from which both the description and
/// [`Named::NAMES`] are made.
macro_rules! named {
    (
        $(#[$outer:meta])*
        pub struct $type:ident {
            $($(#[$inner:meta])* $field:ident as $name:tt: $kind:ty,)*
        }
    ) => {
        $(#[$outer])*
        pub struct $type {
            $($(#[$inner])* #[serde(rename = $name)] pub $field: $kind,)*
        }

        impl $crate::api::types::Named for $type {
            const NAMES: &'static [&'static str] = &[$($name),*];
        }
    };
}
