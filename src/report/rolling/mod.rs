//! Rollouts for people who are not at the terminal: the words for what happens,
//! messages and requests made from templates, and the page of a rollout.

mod chart;
mod message;
mod next;
mod page;
mod view;
pub mod words;

pub use chart::{Lead, LeadStep};
pub(in crate::report) use message::filled;
pub use message::{Kind, RenderError, Rendered, Telling, rendered};
pub use next::{Command, Next, hold};
pub use page::page;
pub use view::{At, Badge, Counts, HostView, LeftOut, RingView, RolloutView, Tone, is_news};
