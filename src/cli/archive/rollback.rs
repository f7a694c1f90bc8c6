//! `archive rollback`.

use clap::Args;

use super::add::answer;
use super::change::ChangeArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::generations::Goal;
use crate::model::Suite;
use crate::publish::Question;
use crate::report::RollbackDocument;

/// Arguments of `archive rollback`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive rollback stable --to 12 --archive /srv/apt
  debcut archive rollback stable --to before-2.0 --reason 'it breaks boots'
  debcut archive rollback stable --to 12 --dry-run

It makes a new generation with the older content and a newer date; who may sign, what is
checked and what is kept stay as they are. Hosts do not downgrade what they have installed.")]
pub struct RollbackArguments {
    /// The suite
    suite: Suite,
    /// A generation's number, a pin, or a snapshot of the suite
    #[arg(long, value_name = "N|NAME")]
    to: String,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Goes back.
pub fn run(arguments: &RollbackArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let goal = match arguments.to.parse() {
        Ok(number) => Goal::Number(number),
        Err(_) => Goal::Name(arguments.to.clone()),
    };
    let desk = arguments.change.desk(context)?;
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    // A suite that is not there is a request that is wrong, not a refusal.
    desk.look(&arguments.suite, None, Question::Manifest)?;
    let outcome = desk.rollback(&arguments.suite, &goal, &mut act)?;
    Ok(answer(&arguments.suite, outcome, RollbackDocument).into())
}
