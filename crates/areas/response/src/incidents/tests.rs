use super::*;

#[test]
fn work_goes_forward_step_by_step_without_a_reason() {
    let path: Vec<_> = State::ALL.windows(2).map(|pair| pair[0].change(pair[1]).unwrap()).collect();
    assert!(path.iter().all(|change| !change.needs_reason && !change.false_alarm), "{path:?}");
}

#[test]
fn back_leap_and_false_alarm_need_a_reason() {
    for (from, to, false_alarm) in [
        (State::Contain, State::Confirm, false),
        (State::Confirm, State::Recover, false),
        (State::Detect, State::Closed, true),
        (State::Confirm, State::Closed, true),
        (State::Closed, State::Review, false),
    ] {
        assert_eq!(from.change(to), Some(Change { to, needs_reason: true, false_alarm }), "{from:?} to {to:?}");
    }
}

#[test]
fn work_under_way_is_not_closed_without_review_and_closed_is_closed() {
    for from in [State::Contain, State::Eradicate, State::Recover] {
        assert_eq!(from.change(State::Closed), None, "{from:?}");
    }
    assert_eq!(State::Closed.next().into_iter().map(|change| change.to).collect::<Vec<_>>(), [State::Review]);
    assert!(State::ALL.into_iter().all(|state| state.change(state).is_none()));
}

#[test]
fn codes_lead_back() {
    assert!(State::ALL.into_iter().all(|state| State::from_code(state.code()) == Some(state)));
    assert!(TimeKind::ALL.into_iter().all(|kind| TimeKind::from_code(kind.code()) == Some(kind)));
    assert!(Knowledge::ALL.into_iter().all(|known| Knowledge::from_code(known.code()) == Some(known)));
    assert_eq!(code("SYT", 2026, 42), "SC-SYT-2026-0042");
}

#[test]
fn times_keep_their_order_and_stay_out_of_the_future() {
    let known = |kind, at| KnownTime {
        kind,
        at,
        known_by: Knowledge::Machine,
        reference: String::new(),
        recorded_at: at,
        recorded_by: String::new(),
    };
    let at = |minute: i64| (20_000_000 + minute) * MINUTE;
    let times =
        [known(TimeKind::Occurred, at(100)), known(TimeKind::Detected, at(200)), known(TimeKind::Seen, at(250))];
    let now = at(300);
    for (kind, minute, problem) in [
        (TimeKind::Occurred, 150, None),
        (TimeKind::Occurred, 201, Some("incident-time-occurred-after-detected")),
        (TimeKind::Detected, 99, Some("incident-time-detected-before-occurred")),
        (TimeKind::Detected, 251, Some("incident-time-seen-before-detected")),
        (TimeKind::Occurred, -20_000_000, Some("incident-time-too-old")),
        (TimeKind::Seen, 199, Some("incident-time-seen-before-detected")),
        (TimeKind::Seen, 304, None),
        (TimeKind::Seen, 306, Some("incident-time-future")),
    ] {
        assert_eq!(time_problem(kind, at(minute), &times, now), problem, "{kind:?} at {minute}");
    }
}
