//! Name and description of a team, as typed.

use countersign_domain::name::{Description, TeamName};

use crate::extract::{Fields, FromFields};
use crate::pages::page::Field;

pub(crate) const FIELDS: &[Field] =
    &[Field::text("name", "off").called("team_name"), Field::prose("description").called("team_description")];

pub(crate) struct Described {
    pub(crate) name: TeamName,
    pub(crate) description: Option<Description>,
}

impl FromFields for Described {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", TeamName::parse);
        // A description is one line. The field for it has room for several, so their breaks become blanks.
        let description = fields.optional("description", |text| {
            Description::parse(&text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
        });
        Some(Self { name: name?, description: description.flatten() })
    }
}
