//! How the pages look and what they say: templates, texts and styles, with what an adopter has put in their place. Made
//! once.

mod check;
mod code;
pub(crate) mod color;
pub(crate) mod error;
pub(crate) mod folder;
pub(crate) mod templates;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use countersign_domain::color::Color;
use minijinja::{Environment, Value};

use crate::pages::look::error::LookError;
use crate::pages::look::folder::Folder;
use crate::pages::stylesheet::Stylesheet;
use crate::pages::texts::texts;

/// See the module.
pub struct Look {
    pub(crate) templates: Environment<'static>,
    pub(crate) texts: Value,
    pub(crate) stylesheet: Stylesheet,
}

impl Look {
    /// The pages in this colour, with the files of this folder in place of ours. Whatever in it can be seen to be wrong
    /// before a page is asked for is an error now, all of it.
    pub fn load(color: Option<Color>, folder: Option<&Path>) -> Result<Arc<Self>, Vec<LookError>> {
        Self::read(color, folder).map(Arc::new)
    }

    /// Ours, as they are; read when the first page is asked for, since that takes longer than the rest of the start.
    #[expect(clippy::expect_used, reason = "a test makes it")]
    pub(crate) fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Look> =
            LazyLock::new(|| Look::read(None, None).expect("the templates of the pages can be read"));
        &BUILT_IN
    }

    fn read(color: Option<Color>, folder: Option<&Path>) -> Result<Self, Vec<LookError>> {
        let mut faults = Vec::new();
        let folder = folder.map(|folder| Folder::read(folder, &templates::names(), &mut faults)).unwrap_or_default();
        let texts = texts(folder.texts.as_deref(), &mut faults);
        let templates = templates::load(&folder.templates, &mut faults);
        let look = Self {
            templates,
            texts: Value::from_serialize(&texts),
            stylesheet: Stylesheet::new(color, folder.stylesheet.as_deref()),
        };
        if !folder.templates.is_empty() {
            check::check(&look, &texts, &folder.templates, &mut faults);
        }
        if faults.is_empty() { Ok(look) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests;
