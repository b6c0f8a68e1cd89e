//! The files that one board is made of: its own, and those that it inherits, each with its place.
//!
//! The texts count as laid end to end, so that one number says in which file, line and column something stands.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::builtin;
use super::error::{BoardError, Place};

/// Bytes of the largest board file: the usual one has 500, a part with all its facts 4,000.
pub const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Files from a board to its farthest ancestor: board, computer, the computer's family, one to spare.
pub const DEPTH_MAX: usize = 4;
/// Files that one board is made of.
pub const FILES_MAX: usize = 16;
/// Parts that one file names.
pub const PARENTS_MAX: usize = 8;
/// Folders of parts, below the folder of boards.
pub const PART_FOLDERS: [&str; 2] = ["sbc", "xray"];
/// What stands before the name of a file that is inside the program.
const BUILT_IN_FOLDER: &str = "(built in)";

/// Whether the file at `path` is a part, to be inherited, and no board of its own.
pub fn is_part(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    folder.is_some_and(|f| PART_FOLDERS.iter().any(|part| f == *part))
}

/// One file.
pub struct Text {
    pub path: PathBuf,
    pub text: String,
    /// Where it begins when all are laid end to end.
    pub start: usize,
    /// What it inherits, in the order in which it names them.
    pub parents: Vec<usize>,
}

/// All files of one board; the first is its own.
pub struct Texts {
    files: Vec<Text>,
    /// Where parts are looked for before those inside the program.
    folder: Option<PathBuf>,
}

/// The one key that is needed to find the others.
#[derive(Deserialize)]
struct RawParents {
    #[serde(default)]
    inherits: Vec<Spanned<String>>,
}

impl Texts {
    /// The file at `path` and all that it inherits.
    ///
    /// Where there is no such file, a board inside the program is taken that is called so: `host`, `board/host.toml`.
    pub fn of_file(path: &Path) -> Result<Self, BoardError> {
        match builtin::name_of(path) {
            Some(name) if !path.exists() => Self::of_built_in(name),
            _ => Self::of_text(path, read(path)?),
        }
    }

    /// The file inside the program with this name, and all that it inherits, from there too.
    pub fn of_built_in(name: &str) -> Result<Self, BoardError> {
        let text = builtin::text(name).ok_or_else(|| BoardError::BuiltIn { name: name.into() })?;
        let mut texts = Self { files: Vec::new(), folder: None };
        texts.add(built_in_path(name), text.into(), &mut vec![name.into()])?;
        Ok(texts)
    }

    /// `text` as if it stood at `path`, and all that it inherits.
    pub fn of_text(path: &Path, text: String) -> Result<Self, BoardError> {
        let own = path.parent().unwrap_or(Path::new(""));
        let folder = if is_part(path) { own.parent().unwrap_or(Path::new("")) } else { own };
        let name = match path.strip_prefix(folder) {
            Ok(below) => below.with_extension("").display().to_string(),
            Err(_) => path.display().to_string(),
        };
        let mut texts = Self { files: Vec::new(), folder: Some(folder.into()) };
        texts.add(path.into(), text, &mut vec![name])?;
        Ok(texts)
    }

    pub fn files(&self) -> &[Text] {
        &self.files
    }

    /// The board's own file.
    pub fn own(&self) -> &Text {
        &self.files[0]
    }

    /// The file in which byte `at` of all the texts lies.
    pub fn file_at(&self, at: usize) -> &Text {
        self.files.iter().rev().find(|f| f.start <= at).unwrap_or(&self.files[0])
    }

    pub fn place(&self, at: usize) -> Place {
        let file = self.file_at(at);
        Place::of(at - file.start, &file.text, &file.path)
    }

    /// What stands at `span`; empty where that is no text of one file.
    pub fn slice(&self, span: Range<usize>) -> &str {
        let file = self.file_at(span.start);
        file.text.get(span.start - file.start..span.end.saturating_sub(file.start)).unwrap_or_default()
    }

    /// Takes in one file and, first to last, what it inherits; `chain` is the way to it. Gives its index.
    fn add(&mut self, path: PathBuf, text: String, chain: &mut Vec<String>) -> Result<usize, BoardError> {
        let start = self.files.last().map_or(0, |last| last.start + last.text.len() + 1);
        let written: RawParents =
            toml::from_str(&text).map_err(|source| BoardError::syntax(source, &text, &path))?;
        let index = self.files.len();
        self.files.push(Text { path, text, start, parents: Vec::new() });
        if let Some(surplus) = written.inherits.get(PARENTS_MAX) {
            let place = self.place(start + surplus.span().start);
            return Err(BoardError::TooMany { place, name: surplus.get_ref().clone() });
        }
        for parent in written.inherits {
            let place = self.place(start + parent.span().start);
            let parent = self.add_parent(parent.into_inner(), place, chain)?;
            self.files[index].parents.push(parent);
        }
        Ok(index)
    }

    fn add_parent(
        &mut self,
        name: String,
        place: Place,
        chain: &mut Vec<String>,
    ) -> Result<usize, BoardError> {
        if !is_reference(&name) {
            let form = "a file below the board folder without .toml, such as sbc/raspberry-pi-4b";
            return Err(BoardError::Form { place, key: "inherits", value: name, form });
        }
        if chain.contains(&name) {
            return Err(BoardError::Cycle { place, name });
        }
        if chain.len() >= DEPTH_MAX || self.files.len() >= FILES_MAX {
            return Err(BoardError::TooMany { place, name });
        }
        let (path, text) = self.find(&name, place)?;
        chain.push(name);
        let added = self.add(path, text, chain);
        chain.pop();
        added
    }

    /// The file of that name beside the board, or else the one inside the program.
    fn find(&self, name: &str, place: Place) -> Result<(PathBuf, String), BoardError> {
        if let Some(folder) = &self.folder {
            let path = folder.join(format!("{name}.toml"));
            if path.is_file() {
                let text = read(&path)?;
                return Ok((path, text));
            }
        }
        match builtin::text(name) {
            Some(text) => Ok((built_in_path(name), text.into())),
            None => Err(BoardError::Parent { place, name: name.into() }),
        }
    }
}

fn built_in_path(name: &str) -> PathBuf {
    Path::new(BUILT_IN_FOLDER).join(format!("{name}.toml"))
}

/// At most one folder deep, of lower-case letters, digits and dashes: it cannot lead out of the board folder.
fn is_reference(name: &str) -> bool {
    let plain = |s: &str| {
        !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.split('/').count() <= 2 && name.split('/').all(plain)
}

fn read(path: &Path) -> Result<String, BoardError> {
    let unreadable = |source| BoardError::Read { path: path.into(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let bytes = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if bytes as u64 > FILE_BYTES_MAX {
        return Err(BoardError::TooLarge { path: path.into() });
    }
    Ok(text)
}
