//! One act in a transaction of its own.

/// Runs the act and commits it if it went well.
macro_rules! act {
    ($db:expr, $scope:expr, |$tx:ident| $act:expr) => {{
        let $tx = $db.scoped(&$scope).begin().await.expect("transaction");
        let done = $act.await;
        if done.is_ok() {
            $tx.commit().await.expect("commit");
        }
        done
    }};
}
