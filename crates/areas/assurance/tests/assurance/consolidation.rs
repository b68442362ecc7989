//! Consolidation: what is decided of a system, and by whom.

use crate::house::{NOW, in_each_house, system};
use assurance::consolidation::{NewMove, Progress, service, store};
use assurance::systems::NewSystem;
use kit::{Error, Scope};
use luytre_assurance as assurance;

fn going(way: &str, version: i64) -> NewMove {
    NewMove { way: way.into(), due: "31/12/2026".into(), version, ..NewMove::default() }
}

#[tokio::test]
async fn what_becomes_of_a_system_is_decided_and_followed_within_the_asker_s_reach() {
    in_each_house(|house| async move {
        let all = Scope::service("test");
        let tx = house.db.scoped(&all).begin().await.unwrap();
        let register = |new: NewSystem| assurance::systems::service::register(&tx, new, NOW);
        let a = register(system("SYT-01", &house.a)).await.unwrap();
        let b = register(system("SGD-01", &house.b)).await.unwrap();
        let secret = register(NewSystem { secret: true, ..system("MAT-01", &house.a) }).await.unwrap();
        register(NewSystem { state: "retired".into(), ..system("SYT-02", &house.a) }).await.unwrap();
        assert!(matches!(service::decide(&tx, &secret, &going("move", 0), NOW).await, Err(Error::Conflict(_))));
        let into = NewMove { into_code: "SGD-01".into(), ..going("merge", 0) };
        service::decide(&tx, &a, &into, NOW).await.unwrap();
        assert!(matches!(service::decide(&tx, &a, &into, NOW).await, Err(Error::Conflict(_))), "an older form");
        let itself = NewMove { into_code: "SYT-01".into(), ..going("merge", 1) };
        assert!(matches!(service::decide(&tx, &a, &itself, NOW).await, Err(Error::Invalid(_))));
        let list = store::list(&tx).await.unwrap();
        let said: Vec<_> = list.iter().map(|one| (one.code.as_str(), one.progress(NOW))).collect();
        assert_eq!(said.len(), 2, "neither retired nor secret ones: {said:?}");
        assert!(said.contains(&("SYT-01", Progress::Waiting)) && said.contains(&("SGD-01", Progress::Undecided)));
        tx.commit().await.unwrap();

        let officer = house.officer(&house.a);
        let tx = house.db.scoped(&officer).begin().await.unwrap();
        assert!(matches!(service::decide(&tx, &b, &going("retire", 0), NOW).await, Err(Error::NotFound)));
        let own = store::list(&tx).await.unwrap();
        assert_eq!(own.len(), 1);
        assert!(own[0].into_out_of_reach && own[0].into_code.is_empty() && own[0].into_name.is_empty());
        let near = NewMove { into_code: "SGD-01".into(), ..going("merge", 1) };
        let none = NewMove { into_code: "KHONG-CO".into(), ..going("merge", 1) };
        let told = [service::decide(&tx, &a, &near, NOW).await, service::decide(&tx, &a, &none, NOW).await];
        assert_eq!(format!("{:?}", told[0]), format!("{:?}", told[1]));
        let done = NewMove { done: "24/11/2026".into(), ..going("merge", 1) };
        service::decide(&tx, &a, &done, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let kept = store::find(&house.db.scoped(&all).read(), &a).await.unwrap();
        assert_eq!((kept.into_code.as_str(), kept.progress(NOW)), ("SGD-01", Progress::Done), "what led on stays");
        let reader = house.reader();
        let tx = house.db.scoped(&reader).begin().await.unwrap();
        assert!(matches!(service::decide(&tx, &a, &going("move", 2), NOW).await, Err(Error::Forbidden(_))));
    })
    .await;
}
