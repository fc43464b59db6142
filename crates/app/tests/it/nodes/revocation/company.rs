//! Nodes and troupes, and how an act is done before witnesses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::faults::ledger::Chance;
use crate::nodes::revocation::act::{Act, Plan, Watch};
use crate::nodes::revocation::ledger::Done;
use crate::nodes::revocation::readers::Readers;
use crate::nodes::revocation::troupe::Troupe;
use crate::support::{Answer, PASSWORD, TestServer, Tokens};

/// The nodes, and troupes that act beside each other.
pub(crate) struct Company {
    pub(crate) nodes: Arc<Vec<TestServer>>,
    pub(crate) troupes: Vec<Troupe>,
}

impl Company {
    /// So many troupes.
    pub(crate) async fn meet(nodes: Vec<TestServer>, troupes: u64) -> Self {
        nodes[0].create_superuser("root@example.org", PASSWORD);
        let root = Tokens::of(&nodes[0].sign_in("root@example.org", PASSWORD).send().await.expect(200));
        let nodes = Arc::new(nodes);
        let mut meeting = JoinSet::new();
        for n in 0..troupes {
            let (nodes, root) = (Arc::clone(&nodes), root.clone());
            meeting.spawn(async move { Troupe::new(&format!("troupe{n}"), root, &nodes[0]).await });
        }
        let troupes = meeting.join_all().await;
        Self { nodes, troupes }
    }

    /// Lets every troupe act, all at once; what each made of it.
    pub(crate) async fn each_troupe<T: Send + 'static, F>(
        self,
        acting: impl Fn(u64, Arc<Vec<TestServer>>, Troupe) -> F,
    ) -> (Self, Vec<T>)
    where
        F: Future<Output = (Troupe, T)> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        for (n, troupe) in (0..).zip(self.troupes) {
            tasks.spawn(acting(n, Arc::clone(&self.nodes), troupe));
        }
        let (troupes, made) = tasks.join_all().await.into_iter().unzip();
        (Self { nodes: self.nodes, troupes }, made)
    }

    /// What was refused once is refused ever after, everywhere.
    pub(crate) async fn assert_refused(&self, watches: impl Iterator<Item = &Watch>) {
        let client = reqwest::Client::new();
        for watch in watches {
            for node in self.nodes.iter() {
                let answer = client.get(node.url(&watch.path)).bearer_auth(&watch.token).send().await.unwrap();
                assert_eq!(answer.status().as_u16(), watch.refused, "an old token is alive again");
            }
        }
    }
}

/// Which act is done on which node, and how long it lets itself be waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    act: Act,
    on: u64,
    delay: Duration,
}

impl Scene {
    pub(crate) fn of(act: Act, chance: &mut Chance) -> Self {
        Self { act, on: chance.below(3), delay: Duration::from_millis(chance.below(20)) }
    }

    /// On the first node, at once.
    pub(crate) fn on_first(act: Act) -> Self {
        Self { act, on: 0, delay: Duration::ZERO }
    }

    /// Has what is to be taken away shown to every other node.
    pub(crate) async fn prepared(self, nodes: &[TestServer], troupe: &mut Troupe, pause: Duration) -> Prepared {
        let plan = troupe.plan(self.act, &nodes[self.node()]).await;
        let readers = Readers::start(&self.others(nodes), &plan.watch, pause);
        readers.are_let_in().await;
        Prepared { scene: self, plan, readers }
    }

    fn node(self) -> usize {
        usize::try_from(self.on).unwrap()
    }

    fn others(self, nodes: &[TestServer]) -> Vec<&TestServer> {
        nodes.iter().enumerate().filter(|(n, _)| *n != self.node()).map(|(_, node)| node).collect()
    }
}

/// An act that only has to be done.
pub(crate) struct Prepared {
    scene: Scene,
    plan: Plan,
    readers: Readers,
}

impl Prepared {
    /// Does it, while readers go on.
    pub(crate) async fn perform(self, nodes: &[TestServer], troupe: &Troupe) -> Done {
        self.answered().await.watched(nodes, troupe).await
    }

    /// The nodes to which the old token is shown.
    pub(crate) fn others<'a>(&self, nodes: &'a [TestServer]) -> Vec<&'a TestServer> {
        self.scene.others(nodes)
    }

    /// Does it.
    pub(crate) async fn answered(self) -> Performed {
        let Self { scene, plan, readers } = self;
        sleep(scene.delay).await;
        let (client, request, expectation) = plan.call.into_request().unwrap();
        let sent = Instant::now();
        let response = client.execute(request).await.unwrap();
        // The head is there: that is the promise, whatever reading the rest of the answer takes.
        let answered = Instant::now();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        expectation.met_by(Answer { status, headers, text: response.text().await.unwrap() }).expect(plan.status);
        Performed { scene, watch: plan.watch, sent, answered, readers }
    }
}

/// An act that is answered, and whose readers have not looked for the last time.
pub(crate) struct Performed {
    scene: Scene,
    watch: Watch,
    sent: Instant,
    answered: Instant,
    readers: Readers,
}

impl Performed {
    /// Has them look, and undoes what other acts need.
    pub(crate) async fn watched(self, nodes: &[TestServer], troupe: &Troupe) -> Done {
        let Self { scene, watch, sent, answered, readers } = self;
        let shown = readers.stop().await;
        troupe.undo(scene.act, &nodes[scene.node()]).await;
        Done { act: scene.act, watch, sent, answered, shown }
    }
}
