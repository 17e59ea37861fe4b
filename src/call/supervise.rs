//! A supervisor's way into a call: their phone rings, and when they answer they hear the call, whisper to the agent, join in, or take
//! the agent's place. The journal has each of it.

use tokio::sync::oneshot;

use super::bridge::Guest;
use super::driver::Services;
use super::exchange::{Place, Request, Visitor};
use super::leg::Refused;
use super::plan::Destination;
use super::reach::{Calling, News, Reached, Ringing};
use super::room::hang_up;
use crate::event::{CallId, Supervision};

/// Why a supervisor is not in a call.
#[derive(Debug, thiserror::Error)]
pub enum NotSupervised {
    /// There is no such call, or no person talks in it yet.
    #[error("nobody talks in this call: it is over, or the bot still has it")]
    NotTalking,
    /// Their phone did not take it.
    #[error("your phone was not answered: {0}")]
    Unreached(String),
}

/// Lets the phone of the extension `by` take part in a call; rings it unless it does already.
pub async fn supervise(services: &Services, call: CallId, by: &str, how: Supervision) -> Result<(), NotSupervised> {
    let room = services.exchange.room(call).ok_or(NotSupervised::NotTalking)?;
    let (reply, answer) = oneshot::channel();
    room.send(Request::Supervise { by: by.to_owned(), how, reply }).await.map_err(|_| NotSupervised::NotTalking)?;
    if answer.await.map_err(|_| NotSupervised::NotTalking)? {
        return Ok(());
    }
    if how == Supervision::Over {
        return Ok(());
    }
    let Reached { leg, to, reservation } = ring(services, call, by).await?;
    let visitor = Box::new(Visitor { leg, guest: Guest::at(&to), reservation });
    let (reply, answer) = oneshot::channel();
    room.send(Request::Take { visitor, place: Place::Above(how), reply })
        .await
        .map_err(|_| NotSupervised::NotTalking)?;
    match answer.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(back)) => {
            hang_up(back.leg);
            Err(NotSupervised::NotTalking)
        }
        Err(_) => Err(NotSupervised::NotTalking),
    }
}

async fn ring(services: &Services, call: CallId, by: &str) -> Result<Reached, NotSupervised> {
    let unreached = |refused: Refused| NotSupervised::Unreached(refused.missed());
    let legs = services.legs.of(call).unwrap_or_default();
    let from = Calling { call, shown: by.to_owned(), source: by.to_owned(), diversions: 0 };
    let mut ringing = Ringing::begin(services.clone(), Destination::Extension(by.to_owned()), from, legs);
    loop {
        if let News::Over(came) = ringing.next().await {
            return came.into_people().map_err(unreached);
        }
    }
}
