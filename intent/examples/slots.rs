//! Extracts the slots of labelled files and prints recall and precision for each:
//! `cargo run -p hotline-intent --example slots -- --nlupp all.jsonl [--show date_from]`
//! `cargo run -p hotline-intent --example slots -- --snips train.jsonl test.jsonl [--show state]`
//!
//! The lists of SNIPS (services, states, …) are the values of its training part; nothing else is learnt from it.

use std::{collections::BTreeSet, error::Error, fs, time::Instant};

use intent::{
    entity::{Context, Item, Kind, Region, SlotSpec, extract},
    evaluate::{
        percentile,
        slots::{Asked, Gold, SlotLine, measure},
    },
};
use jiff::{civil::date, tz::TimeZone};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str, n: usize| {
        arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + n)).map(String::as_str)
    };
    let show = after("--show", 1).unwrap_or_default();
    if let Some(path) = after("--nlupp", 1) {
        nlupp(&read(path)?, show)?;
    }
    if let (Some(train), Some(test)) = (after("--snips", 1), after("--snips", 2)) {
        snips(&read(train)?, &read(test)?, show)?;
    }
    Ok(())
}

fn read(path: &str) -> Result<Vec<SlotLine>, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    text.lines()
        .enumerate()
        .map(|(at, line)| serde_json::from_str(line).map_err(|e| format!("{path}:{}: {e}", at + 1).into()))
        .collect()
}

fn table(title: &str, lines: &[SlotLine], specs: &[SlotSpec], asked: Asked, context: &Context, show: &str) {
    let microseconds: Vec<f64> = lines
        .iter()
        .map(|line| {
            let began = Instant::now();
            extract(&line.text, line.language(), specs, context);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let (counts, misses) = measure(lines, specs, asked, context);
    println!(
        "{title}\n{:<18} {:>5} {:>7} {:>7} {:>7} {:>7} {:>9}",
        "slot", "n", "recall", "exact", "value", "among", "precision"
    );
    let share = |part: usize, whole: usize| {
        if whole == 0 { "–".to_owned() } else { format!("{:.1}", 100.0 * part as f64 / whole as f64) }
    };
    for (slot, count) in &counts {
        println!(
            "{slot:<18} {:>5} {:>7} {:>7} {:>7} {:>7} {:>9}",
            count.labelled,
            share(count.found, count.labelled),
            share(count.exact, count.labelled),
            share(count.right, count.compared),
            share(count.among, count.compared),
            share(count.found, count.given),
        );
    }
    let sum = |part: fn(&intent::evaluate::slots::SlotCount) -> usize| counts.values().map(part).sum::<usize>();
    println!(
        "all                {:>5} {:>7} {:>7} {:>7} {:>7} {:>9}\n",
        sum(|c| c.labelled),
        share(sum(|c| c.found), sum(|c| c.labelled)),
        share(sum(|c| c.exact), sum(|c| c.labelled)),
        share(sum(|c| c.right), sum(|c| c.compared)),
        share(sum(|c| c.among), sum(|c| c.compared)),
        share(sum(|c| c.found), sum(|c| c.given)),
    );
    println!(
        "all {} slots asked: p50 {:.0} µs, p95 {:.0} µs a line\n",
        specs.len(),
        percentile(&microseconds, 0.5),
        percentile(&microseconds, 0.95)
    );
    for miss in misses.iter().filter(|miss| miss.slot == show) {
        let given = miss.given.as_ref().map(|e| format!("{:?} = {} {:?}", e.raw, e.value, e.others));
        println!("{:?}: {:?} given {}", miss.text, miss.labelled, given.unwrap_or_default());
    }
}

fn nlupp(lines: &[SlotLine], show: &str) -> Result<(), Box<dyn Error>> {
    // The labels count from the 15th of March 2022.
    let now = date(2022, 3, 15).at(10, 0, 0, 0).to_zoned(TimeZone::UTC)?;
    let context = Context { now, region: Region::UNITED_KINGDOM };
    let day = || Kind::Date { past: false };
    let specs = [
        SlotSpec::new("date", day()),
        SlotSpec::new("date_from", day()).with_words(&[
            "from",
            "arrive",
            "arriving",
            "check in",
            "checking in",
            "starting",
        ]),
        SlotSpec::new("date_to", day()).with_words(&[
            "to",
            "until",
            "till",
            "leave",
            "leaving",
            "depart",
            "departing",
            "check out",
            "checking out",
            "checkout",
        ]),
        SlotSpec::new("time", Kind::Time),
        SlotSpec::new("time_from", Kind::Time).with_words(&["from", "since", "arrive", "arrival"]),
        SlotSpec::new("time_to", Kind::Time).with_words(&["to", "until", "leave", "leaving", "before", "departing"]),
        SlotSpec::new("date_period", Kind::Duration).with_words(&["nights", "night", "days", "day", "week", "weeks"]),
        SlotSpec::new("adults", Kind::Number).with_words(&["adults", "adult"]),
        SlotSpec::new("kids", Kind::Number).with_words(&[
            "children",
            "kids",
            "child",
            "kid",
            "toddler",
            "baby",
            "sons",
            "daughters",
        ]),
        SlotSpec::new("people", Kind::Number)
            .with_words(&["people", "persons", "person", "guests", "of us", "pax", "party of"]),
        SlotSpec::new("rooms", Kind::Number).with_words(&["rooms", "room", "bedrooms", "bedroom"]),
        SlotSpec::new("number", Kind::Number),
        SlotSpec::new("person_name", Kind::Name),
    ];
    table("NLU++ hotels, asked for what the line holds", lines, &specs, Asked::Labelled, &context, show);
    // A form that asks for a stay in every line: a lone date is its first day, and every time the one time.
    let mut lines = lines.to_vec();
    for label in lines.iter_mut().flat_map(|line| &mut line.slots) {
        match label.slot.as_str() {
            "date" => label.slot = "date_from".to_owned(),
            "time_from" | "time_to" => label.slot = "time".to_owned(),
            _ => {}
        }
    }
    let form: Vec<SlotSpec> = specs
        .into_iter()
        .filter(|spec| !["date", "time_from", "time_to", "number"].contains(&spec.name.as_str()))
        .collect();
    table(
        "NLU++ hotels, a form of a stay asked in every line",
        &lines,
        &form,
        Asked::All,
        &context,
        show.strip_prefix("form:").unwrap_or_default(),
    );
    Ok(())
}

fn snips(train: &[SlotLine], test: &[SlotLine], show: &str) -> Result<(), Box<dyn Error>> {
    let now = date(2018, 6, 1).at(10, 0, 0, 0).to_zoned(TimeZone::UTC)?;
    let context = Context { now, region: Region::UNITED_STATES };
    let list = |name: &str| {
        let values: BTreeSet<&String> = train
            .iter()
            .flat_map(|line| &line.slots)
            .filter(|label| label.slot == name)
            .filter_map(|label| if let Some(Gold::Text(text)) = &label.value { Some(text) } else { None })
            .collect();
        let items = values.into_iter().map(|value| Item { id: value.clone(), phrases: vec![value.clone()] }).collect();
        SlotSpec::new(name, Kind::List { items })
    };
    let mut specs = vec![
        SlotSpec::new("party_size_number", Kind::Number).with_words(&["people", "of us", "party of", "seats", "for"]),
        SlotSpec::new("rating_value", Kind::Number).with_words(&[]),
        SlotSpec::new("best_rating", Kind::Number).with_words(&["out of", "of", "best rating of", "maximum of"]),
        SlotSpec::new("timeRange", Kind::DateTime),
    ];
    specs.extend(
        ["country", "state", "service", "cuisine", "restaurant_type", "object_type", "music_item", "facility"]
            .map(list),
    );
    table("SNIPS, asked for what the line holds", test, &specs, Asked::Labelled, &context, show);
    Ok(())
}
