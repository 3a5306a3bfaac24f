//! Diagnoses: lines that say why something failed.
//!
//! In: a record of such a log, read. Out: how it ends, and its witness in the part.

use super::several::Ending;
use super::{Found, Scanner, keep};
use crate::cause::{CauseId, Gives, Verdict};
use crate::event::Event;
use crate::incident::facts::{is_session, worker_of};
use crate::incident::part::{Part, WitnessKind, WitnessRecord};
use crate::incident::plan::Joins;

impl Scanner<'_> {
    pub(super) fn diagnosis(&mut self, found: Found<'_>, event: &Event<'_>, part: &mut Part) -> Ending {
        let known = &mut self.readers[found.which];
        let verdict = known.memo.diagnosis(&known.judge, event, known.reader.repeated());
        let kind = match verdict.map(|verdict| verdict.gives) {
            // A line that can name no request states no failed one: it is around those that failed.
            Some(Gives::Failure) if !known.reader.format().names_requests() => WitnessKind::Condition,
            Some(Gives::Failure) => WitnessKind::Failure,
            Some(Gives::Echo) => WitnessKind::Echo,
            Some(Gives::Warning) => WitnessKind::Warning,
            Some(Gives::Condition) => WitnessKind::Condition,
            Some(Gives::Benign) => return Ending::Benign,
            None if known.reader.format().is_quiet(event) => return Ending::Benign,
            None if self.plan.passes_text && known.reader.format().is_free_text() => return Ending::Passed,
            None => return Ending::Unknown,
        };
        let (Some(verdict), Some(cause)) = (verdict, verdict.and_then(|verdict| verdict.cause)) else {
            return Ending::Benign;
        };
        let worker = if known.judge.has_echoes() { worker_of(event) } else { 0 };
        let by_client = known.reader.format().pairs_by_client();
        // A session of a stream or mail proxy is no request, and stands in no access log.
        let session = kind == WitnessKind::Failure && !by_client && is_session(event);
        let kind = if session { WitnessKind::Session } else { kind };
        self.testify(found, event, verdict, cause, part, |witness| {
            (witness.kind, witness.worker, witness.by_client) = (kind, worker, by_client);
            if by_client {
                // A thread's number stays the same from client to client: it is no connection.
                (witness.connection, witness.request) = (0, 0);
            }
        })
    }

    /// Keeps the record as a witness, such as `shape` changes it.
    pub(super) fn testify(
        &mut self,
        found: Found<'_>,
        event: &Event<'_>,
        verdict: Verdict,
        cause: CauseId,
        part: &mut Part,
        shape: impl FnOnce(&mut WitnessRecord),
    ) -> Ending {
        let known = &mut self.readers[found.which];
        let service = known.service.id(event, known.reader.format().witness, part);
        let mut witness = self.witness(found, event, verdict, cause, service, part);
        shape(&mut witness);
        if self.plan.joins == Joins::OnceExplained && witness.explains() {
            part.alone = None;
        }
        keep(part, &mut self.run, &witness, found.text);
        Ending::Event
    }
}
