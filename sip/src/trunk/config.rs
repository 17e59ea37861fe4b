//! What is told about a trunk. Values only; the neighbouring modules read them.

use std::time::Duration;

use super::guard::{Limits, NumberRules};
use super::number::NumberForm;
use crate::message::Uri;
use crate::transport::gate::Net;
use crate::ua::Credentials;

/// A way into the telephone network: a carrier, or a telephone system.
#[derive(Clone, Debug)]
pub struct TrunkConfig {
    /// Its name in the configuration, in the API and in logs.
    pub name: String,
    /// Where it is: SIP URIs without a user, tried in this order. A name without a port is looked up by SRV (RFC 3263).
    pub addresses: Vec<Uri>,
    /// Where to register, when its calls come to whoever registers.
    pub registrar: Option<Uri>,
    /// Presented when it challenges, and to register with.
    pub credentials: Option<Credentials>,
    /// How long a registration is asked for.
    pub expires: Duration,
    /// The domain in From; by default the host of its first address.
    pub domain: Option<String>,
    /// What callees see.
    pub caller_id: CallerId,
    /// How it writes numbers.
    pub form: NumberForm,
    /// Trunks of a lower number are tried before those of a higher one.
    pub priority: u16,
    /// The share of the calls among trunks of one priority, relative to the others; 0 only when they have failed.
    pub weight: u16,
    /// Where its calls come from, besides its own addresses.
    pub sources: Vec<Net>,
    /// Whether what it asserts of callers (RFC 3325) is believed and what we assert is told to it.
    pub trusted: bool,
    /// Which dialled numbers lead where.
    pub dids: Vec<Did>,
    /// What may be called through it.
    pub rules: NumberRules,
    /// How much.
    pub limits: Limits,
    /// How often it is asked whether it is there (OPTIONS); `None` for never.
    pub ask_every: Option<Duration>,
    /// Called through it when somebody looks for a fault; an echo is best.
    pub test_number: Option<String>,
}

impl TrunkConfig {
    /// A trunk at these addresses with the usual defaults. `rules` say what may be called.
    pub fn new(name: impl Into<String>, addresses: Vec<Uri>, rules: NumberRules) -> Self {
        TrunkConfig {
            name: name.into(),
            addresses,
            registrar: None,
            credentials: None,
            expires: Duration::from_secs(600),
            domain: None,
            caller_id: CallerId::Pass,
            form: NumberForm::Plus,
            priority: 1,
            weight: 10,
            sources: Vec::new(),
            trusted: false,
            dids: Vec::new(),
            rules,
            limits: Limits::default(),
            ask_every: Some(Duration::from_secs(30)),
            test_number: None,
        }
    }

    /// The host in From and To.
    pub fn domain(&self) -> String {
        let host = || self.addresses.first().or(self.registrar.as_ref()).map(|uri| uri.host.to_string());
        self.domain.clone().or_else(host).unwrap_or_default()
    }
}

/// What callees see of a call that goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallerId {
    /// The number that the call is made for, or else the account's name.
    #[default]
    Pass,
    /// Always this user part: usually a number in the form that the trunk expects.
    Fixed(String),
    /// Nothing (RFC 3323); a trusted trunk is still told the number.
    Anonymous,
}

/// Where a dialled number leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Did {
    /// How the number begins, or is, in E.164 or as the trunk sends it.
    pub number: String,
    /// Whether `number` is only its beginning.
    pub prefix: bool,
    /// Where it leads.
    pub target: Target,
    /// The language that its callers are spoken to in, as a tag such as `zh-CN`, if it has one.
    pub language: Option<String>,
}

/// Who takes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A flow, by name.
    Flow(String),
    /// A queue, by name.
    Queue(String),
    /// An agent's phone.
    Extension(String),
}

impl Target {
    /// Reads `flow:NAME`, `queue:NAME` or `extension:NAME`.
    pub fn read(text: &str) -> Option<Target> {
        let (kind, name) = text.split_once(':')?;
        let name = Some(name.trim()).filter(|name| !name.is_empty())?.to_owned();
        match kind.trim() {
            "flow" => Some(Target::Flow(name)),
            "queue" => Some(Target::Queue(name)),
            "extension" => Some(Target::Extension(name)),
            _ => None,
        }
    }
}
