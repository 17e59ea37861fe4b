//! How things are read, row by row.

use flow::markup::SayAs;
use intent::Language;
use proptest::prelude::*;

use super::{Segment, read, read_as, segments};

fn check(language: Language, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(written, spoken)| {
            let read = read(written, language);
            (read != *spoken).then(|| format!("{written:?} was read {read:?}, not {spoken:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn english_counts() {
    check(
        Language::English,
        &[
            ("0", "zero"),
            ("7", "seven"),
            ("13 bikes", "thirteen bikes"),
            ("21", "twenty-one"),
            ("100", "one hundred"),
            ("105 parts", "one hundred five parts"),
            ("1042 parts", "one thousand forty-two parts"),
            ("1,234", "one thousand two hundred thirty-four"),
            ("12,300", "twelve thousand three hundred"),
            ("1,000,000", "one million"),
            ("2,000,000,001", "two billion one"),
            ("3.50", "three point five zero"),
            ("0.5", "zero point five"),
            ("-5", "minus five"),
            ("It is −5 now", "It is minus five now"),
            ("+3", "plus three"),
            ("version 1.2.3", "version one point two point three"),
            ("10-12 days", "ten to twelve days"),
            ("3–5 days", "three to five days"),
            ("1990-1995", "nineteen ninety to nineteen ninety-five"),
            ("1/2", "one half"),
            ("3/4 full", "three quarters full"),
            ("2 1/2 hours", "two and a half hours"),
            ("2½", "two and a half"),
            ("2/3", "two thirds"),
            ("24/7", "twenty-four seven"),
            ("12.5%", "twelve point five percent"),
            ("100 %", "one hundred percent"),
            ("-3%", "minus three percent"),
        ],
    );
}

#[test]
fn english_ordinals() {
    check(
        Language::English,
        &[
            ("the 1st", "the first"),
            ("2nd", "second"),
            ("3rd gear", "third gear"),
            ("5th", "fifth"),
            ("8th", "eighth"),
            ("9th", "ninth"),
            ("12th", "twelfth"),
            ("20th", "twentieth"),
            ("21st", "twenty-first"),
            ("100th", "one hundredth"),
            ("1,000th", "one thousandth"),
        ],
    );
}

#[test]
fn english_dates() {
    check(
        Language::English,
        &[
            ("2026-11-27", "November twenty-seventh, twenty twenty-six"),
            ("on 2026-01-01.", "on January first, twenty twenty-six."),
            ("2026-11-27T14:30:00Z", "November twenty-seventh, twenty twenty-six, at two thirty P M"),
            ("2026/3/5", "March fifth, twenty twenty-six"),
            ("27/11/2026", "November twenty-seventh, twenty twenty-six"),
            ("11/27/2026", "November twenty-seventh, twenty twenty-six"),
            ("27.11.2026", "November twenty-seventh, twenty twenty-six"),
            ("3.4.2026", "April third, twenty twenty-six"),
            ("3/4/2026", "three, four, twenty twenty-six"),
            ("3/4/26", "three, four, twenty twenty-six"),
            ("4/4/2026", "April fourth, twenty twenty-six"),
            ("Nov 27", "November twenty-seventh"),
            ("November 3rd, 2026", "November third, twenty twenty-six"),
            ("Sept. 9, 2005", "September ninth, two thousand five"),
            ("27 November", "the twenty-seventh of November"),
            ("the 1st of May 2026", "the first of May, twenty twenty-six"),
            ("on 27 Nov 2026", "on the twenty-seventh of November, twenty twenty-six"),
            ("Fri, 27 Nov", "Friday, the twenty-seventh of November"),
            ("Mon 9:30", "Monday nine thirty"),
            ("The Sun is out", "The Sun is out"),
            ("May 2026", "May twenty twenty-six"),
            ("in 2026", "in twenty twenty-six"),
            ("since 1905", "since nineteen oh five"),
            ("in 2000 steps", "in two thousand steps"),
            ("the 1990s", "the nineteen nineties"),
            ("31/02/2026 or so", "February thirty-first, twenty twenty-six or so"),
            ("45/45/2026", "forty-five forty-five two thousand twenty-six"),
        ],
    );
}

#[test]
fn english_times() {
    check(
        Language::English,
        &[
            ("at 14:30", "at two thirty P M"),
            ("9:30", "nine thirty"),
            ("09:30", "nine thirty A M"),
            ("9:05", "nine oh five"),
            ("10:00", "ten o'clock"),
            ("18:00", "six P M"),
            ("00:15", "twelve fifteen A M"),
            ("12:00", "twelve o'clock"),
            ("23:59:59", "eleven fifty-nine P M"),
            ("10am", "ten A M"),
            ("6 pm", "six P M"),
            ("6:45 p.m. today", "six forty-five P M today"),
            ("until 6 p.m.", "until six P M."),
            ("9:00–17:30", "nine o'clock to five thirty P M"),
            ("25:00", "twenty-five:zero zero"),
        ],
    );
}

#[test]
fn english_money() {
    check(
        Language::English,
        &[
            ("$5", "five dollars"),
            ("$1", "one dollar"),
            ("$1,234.50", "one thousand two hundred thirty-four dollars and fifty cents"),
            ("$0.99", "ninety-nine cents"),
            ("$0.01", "one cent"),
            ("$5.00", "five dollars"),
            ("$12.5", "twelve dollars and fifty cents"),
            ("-$3", "minus three dollars"),
            ("$-3", "minus three dollars"),
            ("£3.99", "three pounds and ninety-nine pence"),
            ("£1.01", "one pound and one penny"),
            ("€20", "twenty euros"),
            ("12,50 €", "twelve euros and fifty cents"),
            ("20 EUR", "twenty euros"),
            ("USD 12.50", "twelve dollars and fifty cents"),
            ("¥88", "eighty-eight yuan"),
            ("CNY 12.30", "twelve yuan and thirty fen"),
            ("JPY 500", "five hundred yen"),
            ("HK$10", "ten Hong Kong dollars"),
            ("$3 million", "three million dollars"),
            ("€1.5bn", "one point five billion euros"),
            ("$1.2345", "one point two three four five dollars"),
            ("It costs $49.90.", "It costs forty-nine dollars and ninety cents."),
        ],
    );
}

#[test]
fn english_telephone_numbers() {
    check(
        Language::English,
        &[
            ("+441632960001", "plus four four, one six three, two nine six, zero zero zero one"),
            ("+44 1632 960001", "plus four four, one six three two, nine six zero, zero zero one"),
            ("+1 555 123 4567", "plus one, five five five, one two three, four five six seven"),
            ("(555) 123-4567", "five five five, one two three, four five six seven"),
            ("555-123-4567", "five five five, one two three, four five six seven"),
            ("1-800-555-0199", "one eight zero zero, five five five, zero one nine nine"),
            ("0800 123 456", "zero eight zero zero, one two three, four five six"),
            ("call 030 1234567 now", "call zero three zero, one two three, four five six seven now"),
            ("5551234567", "five five five, one two three, four five six seven"),
        ],
    );
}

#[test]
fn english_ids() {
    check(
        Language::English,
        &[
            ("Your order 1042 is ready", "Your order one zero four two is ready"),
            ("order number is 2001", "order number is two zero zero one"),
            ("code 0042", "code zero zero four two"),
            ("a card ending in 4242", "a card ending in four two four two"),
            ("ticket #1042", "ticket number one zero four two"),
            ("#5", "number five"),
            ("No. 12", "number twelve"),
            ("B455", "B four five five"),
            ("B455-12", "B four five five, one two"),
            ("AB-1042X", "A B, one zero four two X"),
            ("WW10423", "W W one zero four, two three"),
            ("007", "zero zero seven"),
            ("A4", "A four"),
            ("MP3", "M P three"),
            ("iPhone15", "iPhone fifteen"),
            ("123-45-6789", "one two three, four five, six seven eight nine"),
            ("1 0 4, 2", "one zero four, two"),
            ("I have 1 0, 4 2. Is that right?", "I have one zero, four two. Is that right?"),
            ("1 0, 4 2 3", "one zero, four two three"),
            ("ISBN 9783161484100", "ISBN nine seven eight, three one six, one four eight, four one zero zero"),
            ("your ID", "your I D"),
        ],
    );
}

#[test]
fn english_units_and_signs() {
    check(
        Language::English,
        &[
            ("5 km", "five kilometers"),
            ("1 km", "one kilometer"),
            ("1.5kg", "one point five kilograms"),
            ("80 km/h", "eighty kilometers per hour"),
            ("20 min", "twenty minutes"),
            ("25 °C", "twenty-five degrees Celsius"),
            ("-1°C", "minus one degrees Celsius"),
            ("50 Mbit/s", "fifty megabits per second"),
            ("20 m²", "twenty square meters"),
            ("6 ft", "six feet"),
            ("AT&T", "AT and T"),
            ("press * or #", "press star or hash"),
            ("and/or", "and or"),
            ("his/her", "his or her"),
            ("2 + 2 = 4", "two plus two equals four"),
            ("Mr. Smith", "Mister Smith"),
            ("Dr. Who lives on Elm St.", "Doctor Who lives on Elm Street"),
            ("St. Mary", "Saint Mary"),
            ("e.g. a bell", "for example a bell"),
            ("tools, lights, etc.", "tools, lights, et cetera."),
            ("info@example.com", "info at example dot com"),
            ("www.example.com/help", "W W W dot example dot com slash help"),
            ("https://example.org", "example dot org"),
            ("ride_42@mail.example", "ride underscore four two at mail dot example"),
            ("Nothing to read here.", "Nothing to read here."),
            ("", ""),
        ],
    );
}

#[test]
fn chinese_counts() {
    check(
        Language::Chinese,
        &[
            ("0", "零"),
            ("2", "二"),
            ("10", "十"),
            ("12", "十二"),
            ("20", "二十"),
            ("100", "一百"),
            ("102", "一百零二"),
            ("110", "一百一十"),
            ("112", "一百一十二"),
            ("200", "两百"),
            ("222", "两百二十二"),
            ("1000", "一千"),
            ("1005", "一千零五"),
            ("1050", "一千零五十"),
            ("2000", "两千"),
            ("12300", "一万两千三百"),
            ("12,300", "一万两千三百"),
            ("10000", "一万"),
            ("10001", "一万零一"),
            ("10050", "一万零五十"),
            ("20000", "两万"),
            ("22000", "两万两千"),
            ("100000", "十万"),
            ("120000", "十二万"),
            ("1,000,000", "一百万"),
            ("1,002,003", "一百万两千零三"),
            ("100,000,000", "一亿"),
            ("200,000,000", "两亿"),
            ("3.14", "三点一四"),
            ("0.5", "零点五"),
            ("-5", "负五"),
            ("12.5%", "百分之十二点五"),
            ("1/2", "二分之一"),
            ("3/4", "四分之三"),
            ("第2", "第二"),
            ("第12次", "第十二次"),
            ("3-5天", "三到五天"),
            ("2-3天", "两到三天"),
        ],
    );
}

#[test]
fn chinese_two_is_liang_where_it_counts() {
    check(
        Language::Chinese,
        &[
            ("2个", "两个"),
            ("2天", "两天"),
            ("2小时", "两小时"),
            ("2分钟", "两分钟"),
            ("2位", "两位"),
            ("12个", "十二个"),
            ("22个", "二十二个"),
            ("2月", "二月"),
            ("2楼", "二楼"),
            ("2万", "两万"),
            ("3万元", "三万元"),
            ("2个工作日", "两个工作日"),
            ("请按2", "请按二"),
            ("请按1", "请按一"),
            ("请按0", "请按零"),
        ],
    );
}

#[test]
fn chinese_dates_and_times() {
    check(
        Language::Chinese,
        &[
            ("2026年11月", "二〇二六年十一月"),
            ("2026年11月27日", "二〇二六年十一月二十七日"),
            ("2026-11-27", "二〇二六年十一月二十七日"),
            ("2026/3/5", "二〇二六年三月五日"),
            ("2026-11-27T14:30:00Z", "二〇二六年十一月二十七日下午两点半"),
            ("11月27号", "十一月二十七号"),
            ("2月2日", "二月二日"),
            ("2026年", "二〇二六年"),
            ("2年", "两年"),
            ("14:30", "下午两点半"),
            ("14:05", "下午两点零五分"),
            ("09:30", "上午九点半"),
            ("9:30", "九点半"),
            ("下午2:00", "下午两点"),
            ("下午2点", "下午两点"),
            ("上午10点到下午6点", "上午十点到下午六点"),
            ("20:00", "晚上八点"),
            ("2点", "两点"),
            ("12点15分", "十二点十五分"),
            ("9:00-18:00", "九点到晚上六点"),
            ("3个月", "三个月"),
        ],
    );
}

#[test]
fn chinese_money() {
    check(
        Language::Chinese,
        &[
            ("¥12", "十二元"),
            ("¥12.50", "十二元五角"),
            ("¥12.05", "十二元零五分"),
            ("¥1234.56", "一千两百三十四元五角六分"),
            ("¥0.50", "五角"),
            ("¥2", "两元"),
            ("2元", "两元"),
            ("12.5元", "十二点五元"),
            ("$12.50", "十二点五零美元"),
            ("$12.00", "十二美元"),
            ("€20", "二十欧元"),
            ("20 USD", "二十美元"),
            ("¥3万", "三万"),
            ("-¥5", "负五元"),
        ],
    );
}

#[test]
fn chinese_telephone_numbers_and_ids() {
    check(
        Language::Chinese,
        &[
            ("13812345678", "幺三八,幺二三四,五六七八"),
            ("138-1234-5678", "幺三八,幺二三四,五六七八"),
            ("400-800-1234", "四零零,八零零,幺二三四"),
            ("010-12345678", "零幺零,幺二三四,五六七八"),
            ("+8613812345678", "加八六,幺三八,幺二三四,五六七八"),
            ("订单1042", "订单幺零四二"),
            ("您的订单 1042 已经发货", "您的订单 幺零四二 已经发货"),
            ("验证码是 220113", "验证码是 二二零,幺幺三"),
            ("尾号4242", "尾号四二四二"),
            ("1 0 4, 2", "幺零四,二"),
            ("您的号码是 1 0, 4 1,对吗?", "您的号码是 幺零,四幺,对吗?"),
            ("B455-12", "B 四五五,幺二"),
            ("编号 AB1042", "编号 A B 幺零四二"),
            ("007", "零零七"),
            ("12个订单", "十二个订单"),
        ],
    );
}

#[test]
fn chinese_units_and_signs() {
    check(
        Language::Chinese,
        &[
            ("5km", "五公里"),
            ("2kg", "两公斤"),
            ("1.5 kg", "一点五公斤"),
            ("80km/h", "八十公里每小时"),
            ("25°C", "二十五摄氏度"),
            ("-5℃", "零下五摄氏度"),
            ("20m²", "二十平方米"),
            ("按#键", "按井号键"),
            ("#0A0", "零号 A 零"),
            ("按*号键", "按星号键"),
            ("info@example.com", "info 艾特 example 点 com"),
            ("您好。", "您好。"),
        ],
    );
}

#[test]
fn full_width_digits_are_read_like_others() {
    check(
        Language::Chinese,
        &[
            ("\u{ff11}\u{ff12}\u{4e2a}", "十二个"),
            ("\u{ff12}\u{ff10}\u{ff12}\u{ff16}年", "二〇二六年"),
            ("\u{ffe5}12", "十二元"),
        ],
    );
}

#[test]
fn say_as_decides_where_a_writing_has_several_readings() {
    let date = |format: &str| SayAs::Date(Some(format.to_owned()));
    for (language, say_as, written, spoken) in [
        (Language::English, SayAs::Characters, "B4-55", "B four, five five"),
        (Language::English, SayAs::Characters, "Anna", "A N N A"),
        (Language::English, SayAs::Digits, "1042", "one zero four two"),
        (Language::English, SayAs::Digits, "12 bikes", "one two bikes"),
        (Language::English, SayAs::Telephone, "5551234", "five five five, one two three four"),
        (Language::English, SayAs::Cardinal, "1042", "one thousand forty-two"),
        (Language::English, SayAs::Cardinal, "2001000", "two million one thousand"),
        (Language::English, SayAs::Ordinal, "3", "third"),
        (Language::English, date("dmy"), "3/4/2026", "April third, twenty twenty-six"),
        (Language::English, date("mdy"), "3/4/2026", "March fourth, twenty twenty-six"),
        (Language::English, date("md"), "3/4", "March fourth"),
        (Language::English, SayAs::Date(None), "2026-11-27", "November twenty-seventh, twenty twenty-six"),
        (Language::English, SayAs::Time, "1430", "two thirty P M"),
        (Language::English, SayAs::Time, "9:30pm", "nine thirty P M"),
        (Language::English, SayAs::Currency, "USD 5", "five dollars"),
        (Language::English, SayAs::Ordinal, "no number", "no number"),
        (Language::Chinese, SayAs::Characters, "B4", "B 四"),
        (Language::Chinese, SayAs::Digits, "1042", "幺零四二"),
        (Language::Chinese, SayAs::Cardinal, "1042", "一千零四十二"),
        (Language::Chinese, SayAs::Ordinal, "3", "第三"),
        (Language::Chinese, date("dmy"), "3/4/2026", "二〇二六年四月三日"),
        (Language::Chinese, SayAs::Time, "1430", "下午两点半"),
        (Language::Chinese, SayAs::Currency, "12.5", "十二元五角"),
    ] {
        assert_eq!(read_as(written, &say_as, language), spoken, "{written} as {say_as:?}");
    }
}

#[test]
fn markup_becomes_pauses_and_paces() {
    let said = segments(
        "Hello.<break time=\"500ms\"/>Your code is <say-as interpret-as=\"digits\">42</say-as>. <prosody rate=\"slow\">Bye 2 you</prosody>",
        Language::English,
    );
    let words = |text: &str, rate| Segment::Words { text: text.to_owned(), rate };
    assert_eq!(
        said,
        [
            words("Hello.", 1.0),
            Segment::Pause(std::time::Duration::from_millis(500)),
            words("Your code is four two.", 1.0),
            words("Bye two you", 0.8),
        ]
    );
}

#[test]
fn unknown_markup_is_never_spoken() {
    let said = segments("<audio src=\"x1\"/>Hello <b>there</b>", Language::English);
    assert_eq!(said, [Segment::Words { text: "Hello there".to_owned(), rate: 1.0 }]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4_000 }))]

    #[test]
    fn anything_can_be_read_and_no_word_is_lost(text in "(\\PC|[0-9A-Za-z .,:/$€%#<>&+-]){0,60}", chinese in any::<bool>()) {
        let language = if chinese { Language::Chinese } else { Language::English };
        let said = read(&text, language);
        if text.chars().any(char::is_alphanumeric) {
            prop_assert!(said.chars().any(char::is_alphanumeric), "{text:?} became {said:?}");
        }
        prop_assert!(!said.chars().any(|c| c.is_ascii_digit()), "{text:?} became {said:?}");
        let _ = segments(&text, language);
    }

    #[test]
    fn numbers_in_every_form_leave_no_digit(
        number in any::<u64>(), fraction in 0u32..1_000, form in 0usize..14, chinese in any::<bool>(),
    ) {
        let language = if chinese { Language::Chinese } else { Language::English };
        let short = number % 100_000;
        let text = match form {
            0 => format!("{number}"),
            1 => format!("{short}.{fraction}"),
            2 => format!("${short}.{:02}", fraction % 100),
            3 => format!("{}-{}-{}", number % 10_000, fraction % 14, fraction % 40),
            4 => format!("{}:{:02}", number % 30, fraction % 70),
            5 => format!("+{number}"),
            6 => format!("A{number}-{fraction}B"),
            7 => format!("{short}%"),
            8 => format!("{short} km"),
            9 => format!("{}/{}", number % 50, fraction),
            10 => format!("{}年{}月", number % 10_000, fraction % 14),
            11 => format!("{short}个"),
            12 => format!("{short}-{fraction}"),
            _ => format!("{short}th"),
        };
        let said = read(&text, language);
        prop_assert!(!said.is_empty() && !said.chars().any(|c| c.is_ascii_digit()), "{text:?} became {said:?}");
    }

    #[test]
    fn chinese_numbers_follow_each_other_without_a_lost_zero(number in 0u64..1_0000_0000_0000) {
        let said = read_as(&number.to_string(), &SayAs::Cardinal, Language::Chinese);
        prop_assert_eq!(counted(&said), number, "{}", said);
    }
}

/// Chinese words back to a number, by the other way round: an independent reading for the property above.
fn counted(words: &str) -> u64 {
    let (mut total, mut section, mut digit) = (0u64, 0u64, 0u64);
    for c in words.chars() {
        match c {
            '零' => {}
            '十' => {
                section += digit.max(1) * 10;
                digit = 0;
            }
            '百' | '千' => {
                section += digit * if c == '百' { 100 } else { 1_000 };
                digit = 0;
            }
            '万' => {
                total += (section + digit) * 1_0000;
                (section, digit) = (0, 0);
            }
            '亿' => {
                total = (total + section + digit) * 1_0000_0000;
                (section, digit) = (0, 0);
            }
            '两' => digit = 2,
            c => digit = "零一二三四五六七八九".chars().position(|d| d == c).unwrap_or(0) as u64,
        }
    }
    total + section + digit
}
