//! The pool's promises: order, limits, abort, and survival of a panic. The recogniser here does what its audio tells it.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use audio::Pcm16k;
use models::pool::Factory;
use models::{
    Hints, Job, Language, LoadError, Pool, PoolConfig, PoolError, Priority, RecogniseError, Recogniser, Recognition,
};

/// Audio of this length makes it wait until the test lets it go on; this one makes it panic.
const WAIT: usize = 1;
const PANIC: usize = 2;

struct Obedient {
    started: Sender<usize>,
    go_on: Arc<Mutex<Receiver<()>>>,
}

impl Recogniser for Obedient {
    fn name(&self) -> &str {
        "obedient"
    }

    fn recognise(&mut self, audio: &Pcm16k, _: &Hints) -> Result<Recognition, RecogniseError> {
        let length = audio.samples().len();
        self.started.send(length).expect("the test is still there");
        match length {
            WAIT => self.go_on.lock().expect("one thread holds it").recv().expect("the test is still there"),
            PANIC => panic!("as told"),
            _ => {}
        }
        Ok(Recognition { text: length.to_string(), no_speech: false, ..Recognition::silence("obedient") })
    }
}

struct Bench {
    pool: Pool,
    started: Receiver<usize>,
    go_on: Sender<()>,
}

fn bench(queue_limit: usize) -> Bench {
    let (started, starts) = channel();
    let (go_on, wait) = channel();
    let (started, wait) = (Mutex::new(started), Arc::new(Mutex::new(wait)));
    let factory: Factory = Arc::new(move || {
        let started = started.lock().expect("nobody panics with it").clone();
        Ok(Box::new(Obedient { started, go_on: wait.clone() }) as Box<dyn Recogniser>)
    });
    let config = PoolConfig { threads: 1, queue_limit };
    let pool = Pool::start(config, vec![(Language::EN, factory)]).expect("it always loads");
    Bench { pool, started: starts, go_on }
}

fn job(length: usize, priority: Priority) -> Job {
    Job { audio: Pcm16k::new(vec![0; length]), hints: Hints::free(Language::EN), priority }
}

impl Bench {
    /// Occupies the only thread.
    fn occupy(&self) -> tokio::sync::oneshot::Receiver<Result<Recognition, PoolError>> {
        let running = self.pool.submit(job(WAIT, Priority::Final)).expect("the queue is empty");
        assert_eq!(self.started.recv(), Ok(WAIT));
        running
    }
}

#[tokio::test]
async fn what_a_caller_waits_for_goes_before_guesses_and_partials() {
    let bench = bench(8);
    let _running = bench.occupy();
    let order = [(10, Priority::Partial), (20, Priority::Speculative), (30, Priority::Final), (31, Priority::Final)];
    let results: Vec<_> = order
        .iter()
        .map(|(length, priority)| bench.pool.submit(job(*length, *priority)).expect("there is room"))
        .collect();
    bench.go_on.send(()).expect("it waits");
    for result in results {
        result.await.expect("it is answered").expect("it is recognised");
    }
    assert_eq!(bench.started.try_iter().collect::<Vec<_>>(), [30, 31, 20, 10]);
}

#[tokio::test]
async fn a_full_queue_refuses_its_like_and_gives_way_to_the_urgent() {
    let bench = bench(1);
    let _running = bench.occupy();
    let partial = bench.pool.submit(job(10, Priority::Partial)).expect("there is room");
    assert!(matches!(bench.pool.recognise(job(11, Priority::Partial)).await, Err(PoolError::Busy)));
    let wanted = bench.pool.submit(job(30, Priority::Final)).expect("the partial gives way");
    assert!(matches!(partial.await, Ok(Err(PoolError::Busy))));
    bench.go_on.send(()).expect("it waits");
    assert_eq!(wanted.await.expect("it is answered").expect("it is recognised").text, "30");
    assert_eq!(bench.pool.stats().busy, 2);
}

#[tokio::test]
async fn partial_results_are_the_first_to_go_without() {
    let bench = bench(8);
    let _running = bench.occupy();
    let wanted = bench.pool.submit(job(30, Priority::Final)).expect("there is room");
    assert!(matches!(bench.pool.recognise(job(10, Priority::Partial)).await, Err(PoolError::Busy)));
    bench.go_on.send(()).expect("it waits");
    wanted.await.expect("it is answered").expect("it is recognised");
}

#[tokio::test]
async fn a_long_queue_is_a_shortage_and_an_empty_pool_is_none() {
    let bench = bench(32);
    assert!(!bench.pool.load().is_short());
    let _running = bench.occupy();
    let waiting: Vec<_> =
        (0..20).map(|_| bench.pool.submit(job(30, Priority::Final)).expect("there is room")).collect();
    assert!(bench.pool.load().is_short(), "{:?}", bench.pool.load());
    bench.go_on.send(()).expect("it waits");
    for result in waiting {
        result.await.expect("it is answered").expect("it is recognised");
    }
}

#[tokio::test]
async fn what_is_aborted_or_forgotten_in_the_queue_is_never_run() {
    let bench = bench(8);
    let _running = bench.occupy();
    let aborted = job(10, Priority::Final);
    let flag = aborted.hints.abort.clone();
    let aborted = bench.pool.submit(aborted).expect("there is room");
    drop(bench.pool.submit(job(20, Priority::Final)).expect("there is room"));
    flag.store(true, Ordering::Relaxed);
    bench.go_on.send(()).expect("it waits");
    assert!(matches!(aborted.await, Ok(Err(PoolError::Aborted))));
    bench.pool.recognise(job(30, Priority::Final)).await.expect("it is recognised");
    assert_eq!(bench.started.try_iter().collect::<Vec<_>>(), [30]);
    assert_eq!(bench.pool.stats().aborted, 2);
}

#[tokio::test]
async fn a_panic_costs_one_job_and_not_the_pool() {
    let bench = bench(8);
    assert!(matches!(bench.pool.recognise(job(PANIC, Priority::Final)).await, Err(PoolError::Failed(_))));
    assert_eq!(bench.pool.recognise(job(30, Priority::Final)).await.expect("it is recognised").text, "30");
    assert_eq!(bench.pool.stats().panics, 1);
}

#[tokio::test]
async fn a_language_nobody_hears_is_refused_at_once() {
    let bench = bench(8);
    let mut chinese = job(10, Priority::Final);
    chinese.hints.language = Language::ZH;
    assert!(matches!(bench.pool.recognise(chinese).await, Err(PoolError::Language(_))));
}

#[tokio::test]
async fn a_pool_that_shuts_down_answers_everybody() {
    let bench = bench(8);
    let running = bench.occupy();
    let waiting = bench.pool.submit(job(10, Priority::Final)).expect("there is room");
    bench.pool.shutdown();
    assert!(waiting.await.is_err(), "its sender is gone");
    assert!(matches!(bench.pool.recognise(job(20, Priority::Final)).await, Err(PoolError::Closed)));
    bench.go_on.send(()).expect("it waits");
    assert_eq!(running.await.expect("it is answered").expect("it is recognised").text, "1");
}

#[test]
fn a_recogniser_that_does_not_load_is_an_error_at_the_start() {
    let factory: Factory = Arc::new(|| Err(LoadError::Invalid { path: "x".into(), reason: "as told".to_owned() }));
    assert!(Pool::start(PoolConfig::default(), vec![(Language::EN, factory)]).is_err());
}

/// Tells Chinese from English by the length of the audio, as surely as the audio says; panics at [`PANIC`].
struct Linguist(&'static str);

impl Recogniser for Linguist {
    fn name(&self) -> &str {
        self.0
    }

    fn recognise(&mut self, _: &Pcm16k, _: &Hints) -> Result<Recognition, RecogniseError> {
        Ok(Recognition { no_speech: false, ..Recognition::silence(self.0) })
    }

    fn detects(&self) -> bool {
        self.0 == "zh"
    }

    fn detect(&mut self, audio: &Pcm16k, among: &[Language]) -> Option<(Language, f32)> {
        assert!(self.detects() && among.len() == 2, "it is asked only for what it can tell");
        match audio.samples().len() {
            PANIC => panic!("as told"),
            10 => Some((Language::ZH, 0.9)),
            20 => Some((Language::ZH, 0.6)),
            _ => None,
        }
    }
}

fn linguists(names: &[&'static str]) -> Pool {
    let factory = |name: &'static str| -> (Language, Factory) {
        (Language::new(name), Arc::new(move || Ok(Box::new(Linguist(name)) as Box<dyn Recogniser>)))
    };
    let config = PoolConfig { threads: 1, queue_limit: 8 };
    Pool::start(config, names.iter().map(|name| factory(name)).collect()).expect("it always loads")
}

#[tokio::test]
async fn the_engine_that_can_tell_languages_decides_which_one_recognises() {
    let pool = linguists(&["en", "zh"]);
    assert!(pool.detects());
    let both = || vec![Language::EN, Language::ZH];
    for (length, among, engine, detected) in [
        (10, both(), "zh", Some((Language::ZH, 0.9))),
        (20, both(), "en", None),
        (30, both(), "en", None),
        (PANIC, both(), "en", None),
        (10, both(), "zh", Some((Language::ZH, 0.9))),
        (10, vec![], "en", None),
        (10, vec![Language::ZH], "en", None),
        (10, vec![Language::EN, Language::new("fr")], "en", None),
    ] {
        let mut job = job(length, Priority::Final);
        job.hints.among = among;
        let heard = pool.recognise(job).await.expect("it is recognised");
        assert_eq!((heard.engine.as_str(), heard.detected), (engine, detected), "{length}");
    }
}

#[tokio::test]
async fn where_no_engine_can_tell_languages_the_expected_one_is_recognised() {
    let pool = linguists(&["en"]);
    assert!(!pool.detects());
    let mut job = job(10, Priority::Final);
    job.hints.among = vec![Language::EN, Language::ZH];
    let heard = pool.recognise(job).await.expect("it is recognised");
    assert_eq!((heard.engine.as_str(), heard.detected), ("en", None));
}
