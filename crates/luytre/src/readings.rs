//! What the command line reads of the events, in the audit trail: on behalf of whoever runs the command, with the agencies
//! whose events they are.

use crate::centre::Centre;
use crate::control::{ExportQuestion, SearchQuestion};
use event_store::SearchResult;
use kit::catalogue::{Catalogue, QueryAnswer, QueryLimits};
use kit::{Error, Scope};
use monitoring::search::run::source_ids;
use monitoring::search::senders::{senders, touched};
use monitoring::sources::reach::touched_in_scope;
use organisation::audit::{Reading, Touched, record_reading};

impl Centre {
    /// Asks the catalogue for the command line.
    pub async fn query(&self, sql: &str, limits: QueryLimits, user: &str) -> Result<QueryAnswer, Error> {
        let answer = self.catalogue().query(&Scope::service("command line"), sql, limits).await?;
        let touched = if answer.events_read { self.everybody().await? } else { Touched::new() };
        self.tell("question", sql, answer.rows.len() as u64, &touched, user).await?;
        Ok(answer)
    }

    pub(crate) async fn tell_of_search(&self, question: &SearchQuestion, result: &SearchResult) -> Result<(), Error> {
        let scope = Scope::service("command line");
        let senders = senders(&self.db.scoped(&scope).read(), source_ids(result), self.clock.now()).await?;
        let touched = touched(&result.rows, &senders);
        self.tell("event", &question.query, result.rows.len() as u64, &touched, &question.user).await
    }

    pub(crate) async fn tell_of_export(&self, question: &ExportQuestion, events: u64) -> Result<(), Error> {
        let asked = serde_json::to_string(question).map_err(Error::internal)?;
        self.tell("event", &asked, events, &self.everybody().await?, &question.user).await
    }

    async fn everybody(&self) -> Result<Touched, Error> {
        touched_in_scope(&self.db.scoped(&Scope::service("command line")).read()).await
    }

    /// On a full disk the trail may have no room: that is told in the log, for whoever runs commands can read the files
    /// themselves.
    async fn tell(&self, kind: &str, query: &str, count: u64, touched: &Touched, user: &str) -> Result<(), Error> {
        let scope = Scope::service("command line").asking("", user);
        let written = async {
            let tx = self.db.scoped(&scope).begin().await?;
            let reading = Reading { object_kind: kind, object_id: "", purpose: "command", query, count, touched };
            record_reading(&tx, self.clock.now(), &reading).await?;
            tx.commit().await
        };
        match written.await {
            Err(error) if error.is_disk_full() => {
                tracing::error!(%error, "a reading is not in the audit trail");
                Ok(())
            }
            written => written,
        }
    }
}
