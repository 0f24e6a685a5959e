//! YAML to be written: fields in the order in which they read well, and comments that say why.

use serde_json::Value;

/// A value with an order of fields and with comments.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// A string, number, boolean or null.
    Scalar(Value),
    /// A list.
    List(Vec<Tree>),
    /// An object.
    Map(Fields),
}

/// The fields of an object, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<Field>);

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub key: String,
    /// What it holds.
    pub value: Tree,
    /// What is to be said above it.
    pub comment: Option<String>,
}

impl Fields {
    /// No fields yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a field.
    pub fn add(&mut self, key: &str, value: impl Into<Tree>) {
        self.0.push(Field { key: key.to_owned(), value: value.into(), comment: None });
    }

    /// Adds a field with a comment above it.
    pub fn add_why(&mut self, key: &str, value: impl Into<Tree>, why: &str) {
        self.0.push(Field { key: key.to_owned(), value: value.into(), comment: Some(why.to_owned()) });
    }

    /// Adds a field, if there is something for it.
    pub fn add_some(&mut self, key: &str, value: Option<impl Into<Tree>>) {
        if let Some(value) = value {
            self.add(key, value);
        }
    }

    /// With one more field.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Tree>) -> Self {
        self.add(key, value);
        self
    }

    /// Adds the fields of another object, with their comments.
    pub fn extend(&mut self, more: &Self) {
        self.0.extend(more.iter().cloned());
    }

    /// The fields.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the field holds.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.0.iter().find(|field| field.key == key).map(|field| &field.value)
    }

    /// Puts another value into a field, or adds the field.
    pub fn set(&mut self, key: &str, value: impl Into<Tree>) {
        let value = value.into();
        match self.0.iter_mut().find(|field| field.key == key) {
            Some(field) => field.value = value,
            None => self.add(key, value),
        }
    }
}

impl Tree {
    /// The value without its comments.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Map(fields) => {
                Value::Object(fields.iter().map(|field| (field.key.clone(), field.value.to_value())).collect())
            }
        }
    }
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(entries) => {
                let field = |(key, value): (&String, &Value)| Field {
                    key: key.clone(),
                    value: Self::from(value),
                    comment: None,
                };
                Self::Map(Fields(entries.iter().map(field).collect()))
            }
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

impl From<Fields> for Tree {
    fn from(fields: Fields) -> Self {
        Self::Map(fields)
    }
}

impl From<Vec<Self>> for Tree {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Scalar(Value::from(text))
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Scalar(Value::from(text))
    }
}

impl From<bool> for Tree {
    fn from(flag: bool) -> Self {
        Self::Scalar(Value::from(flag))
    }
}

impl From<u64> for Tree {
    fn from(number: u64) -> Self {
        Self::Scalar(Value::from(number))
    }
}
