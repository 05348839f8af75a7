//! What the studio says about itself on its About page, against how it was started.

use studio_backend::{config::TargetKind, http::Serving};
use studio_kernel::run::api::{About, Protection};

use crate::harness::{HOST, Visitor, World};

async fn protections(visitor: &Visitor) -> Vec<Protection> {
    let about: About = visitor.get("/api/about").await.read();
    assert_eq!(about.version, env!("CARGO_PKG_VERSION"));
    about.groups.into_iter().flat_map(|group| group.protections).collect()
}

fn is_in_force(protections: &[Protection], part: &str) -> bool {
    let mut found = protections.iter().filter(|protection| protection.text.contains(part));
    let protection = found.next().unwrap_or_else(|| panic!("nothing says {part}: {protections:?}"));
    assert_eq!(found.next(), None, "{part}");
    protection.in_force
}

#[tokio::test]
async fn what_is_missing_is_said_with_what_changes_it() {
    let world = World::new().await;
    let said = protections(&world.owner().await).await;
    assert!(is_in_force(&said, "Only this machine can reach the studio"));
    assert!(is_in_force(&said, "no superuser's"));
    assert!(!is_in_force(&said, "--target-kind production"));
    assert!(!is_in_force(&said, "--data-dir"), "this studio has no engine for copies");
    assert!(!is_in_force(&said, "--audit-anchor"));
}

#[tokio::test]
async fn a_production_target_behind_a_proxy_is_said() {
    let world = World::with_target(TargetKind::Production).await;
    assert!(is_in_force(&protections(&world.owner().await).await, "It is production"));
    let public =
        Serving { public_url: Some(format!("https://{HOST}").parse().unwrap()), ..Serving::default() };
    let world = World::served(public).await;
    // Signing in itself asks for the origin of https.
    let mut visitor = world.stranger();
    visitor.cookie = world.owner_cookie().await;
    assert!(is_in_force(&protections(&visitor).await, &format!("A proxy encrypts, as https://{HOST}")));
}
