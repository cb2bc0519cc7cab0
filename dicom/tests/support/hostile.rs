//! What must hold for whatever bytes: also for the fuzz target of the same name.

use sendqueue_dicom::{
    DataSet, Elements, Malformed, Piece, Tag, Vr, charset, path, remove_signatures, text,
};

const NEW_ID: &[u8] = b"A-1234";

/// Reads, changes, writes and reads again. Answers whether it got so far; panics where a promise is broken.
pub fn change(bytes: &[u8], syntax: &str) -> bool {
    let Ok(mut data) = DataSet::parse(bytes, syntax) else {
        return false;
    };
    if let Ok(pieces) = data.clone().encode() {
        let same = joined(&pieces, bytes);
        assert!(
            DataSet::parse(&same, syntax).is_ok(),
            "what was written cannot be read"
        );
    }
    if change_all(data.root_mut(), 0).is_err() || remove_signatures(data.root_mut()).is_err() {
        return false;
    }
    let any = path::Path::parse(
        "RequestAttributesSequence[*].0040,a730[0].AccessionNumber",
        &|_| None,
    );
    if let Ok(any) = any {
        let _ = any.find(data.root()).map(|found| found.len());
    }
    data.root_mut()
        .set(Tag::PATIENT_ID, Vr::LO, NEW_ID.to_vec());
    let Ok(pieces) = data.encode() else {
        return false;
    };
    let after = joined(&pieces, bytes);
    let again = DataSet::parse(&after, syntax).expect("what was written can be read");
    let id = again
        .root()
        .get(Tag::PATIENT_ID)
        .expect("what was set is there");
    assert_eq!(id.bytes(), Some(NEW_ID));
    assert!(is_clean(again.root()), "what was removed is there");
    let pieces = again.encode().expect("what was written can be written");
    assert!(
        joined(&pieces, &after) == after,
        "it is another the second time"
    );
    true
}

/// Removes private elements and accession numbers at every level, and looks at every value.
fn change_all(elements: &mut Elements<'_>, depth: usize) -> Result<(), Malformed> {
    assert!(depth < 100, "as deep as that");
    let charset = text::charset(elements).ok();
    let charset = charset.or_else(|| charset::Charset::of(b"").ok());
    elements.retain(|element| !element.tag().is_private());
    elements.remove(Tag::ACCESSION_NUMBER);
    for element in elements.iter_mut() {
        if let Some(charset) = &charset {
            let _ = text::of(element, charset);
        }
        for item in element.items_mut()?.into_iter().flatten() {
            change_all(item, depth + 1)?;
        }
    }
    Ok(())
}

fn is_clean(elements: &Elements<'_>) -> bool {
    elements.iter().all(|element| {
        let inside = element.items().expect("it was written by ourselves");
        !element.tag().is_private()
            && element.tag() != Tag::ACCESSION_NUMBER
            && inside.into_iter().flatten().all(is_clean)
    })
}

fn joined(pieces: &[Piece], source: &[u8]) -> Vec<u8> {
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Made(bytes) => &bytes[..],
        Piece::Kept(range) => &source[range.clone()],
    });
    parts.collect::<Vec<_>>().concat()
}
