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

/// The arguments of a list that is answered in pages: its own, and where the page begins and ends.
macro_rules! list_query {
    ($(#[$outer:meta])* $type:ident { $($own:tt)* } $(#[$limit:meta])* limit) => {
        named! {
            #[derive(Debug, Serialize, IntoParams)]
            #[into_params(parameter_in = Query)]
            $(#[$outer])*
            pub struct $type {
                $($own)*
                /// The last `ID` seen.
                #[param(minimum = 0)]
                after as "after": Option<i64>,
                $(#[$limit])*
                limit as "limit": Option<u32>,
            }
        }
    };
}

/// Which items an operation by filter is for: the fields that all such have, those of its kind, and what the operation
/// has besides.
macro_rules! sweep_filter {
    ($(#[$outer:meta])* $type:ident { $($own:tt)* } { $($more:tt)* }) => {
        named! {
            #[derive(Debug, Serialize, ToSchema)]
            #[serde(deny_unknown_fields)]
            $(#[$outer])*
            pub struct $type {
                /// These items.
                #[schema(min_items = 1)]
                ids as "IDs": Option<Vec<i64>>,
                /// Items for this destination.
                destination as "Destination": Option<String>,
                /// Items of this study: Orthanc identifier or StudyInstanceUID.
                study as "Study": Option<String>,
                $($own)*
                /// Everything: an empty filter is refused. Not beside another field that narrows down.
                all as "All": Option<bool>,
                /// Only counts; nothing is changed.
                dry_run as "DryRun": Option<bool>,
                /// Where more items fit than this, nothing is changed (409): with what `DryRun` counted, no more is
                /// changed than was counted.
                #[schema(maximum = 1_000_000_000)]
                at_most as "AtMost": Option<u64>,
                $($more)*
            }
        }
    };
}
