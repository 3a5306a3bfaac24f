use proptest::prelude::*;

use super::*;
use crate::source::{MAX_RECORD_LINES, PieceKind, pieces};

/// What became of one line: offset, length with LF, fate.
type Fate = (u64, u64, &'static str);

/// Gives its bytes in reads of the given sizes, over and over.
struct Drip<'a> {
    data: &'a [u8],
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].min(out.len());
        self.turn += 1;
        (&mut self.data).take(size as u64).read(out)
    }
}

fn starts(line: &[u8]) -> bool {
    line.first() == Some(&b'S')
}

/// The fates by looking at the whole text at once.
fn expected(text: &[u8], with_starts: bool) -> Vec<Fate> {
    let mut fates = Vec::new();
    let (mut at, mut record): (usize, Option<(usize, u64)>) = (0, None);
    while at < text.len() {
        let end = line_end(text, at);
        let line = crate::source::record::without_lf(&text[at..end]);
        let begins = !with_starts || starts(line);
        record = if begins { Some((at, 1)) } else { record.map(|(from, lines)| (from, lines + 1)) };
        let fate = match record {
            _ if line.len() > MAX_LINE_BYTES => "oversize",
            _ if begins => "start",
            None => "orphan",
            Some((from, lines)) if lines > MAX_RECORD_LINES || end - from > MAX_RECORD_BYTES => "cut",
            Some(_) => "kept",
        };
        fates.push((at as u64, (end - at) as u64, fate));
        at = end;
    }
    fates
}

/// The fates by way of chunks and pieces.
fn chunked(text: &[u8], chunk_bytes: usize, sizes: Vec<usize>, with_starts: bool, peek: usize) -> Vec<Fate> {
    let mut chunker = Chunker::new(Drip { data: text, sizes, turn: 0 }, chunk_bytes);
    assert!(text.starts_with(chunker.peek(peek)));
    if with_starts {
        chunker.set_record_start(Box::new(starts));
    }
    let mut fates = Vec::new();
    while let Some(chunk) = chunker.next_chunk() {
        let chunk = chunk.expect("no defect");
        match chunk.oversize {
            Some(length) => fates.push((chunk.offset, length, "oversize")),
            None => fates_of(&chunk, text, with_starts, &mut fates),
        }
        chunker.recycle(chunk.bytes);
    }
    fates
}

fn fates_of(chunk: &Chunk, text: &[u8], with_starts: bool, fates: &mut Vec<Fate>) {
    assert!(text[chunk.offset as usize..].starts_with(&chunk.bytes));
    assert!(chunk.bytes.ends_with(b"\n") || chunk.offset as usize + chunk.bytes.len() == text.len());
    for piece in pieces(&chunk.bytes, chunk.carry, |line| !with_starts || starts(line)) {
        let mut at = 0;
        while at < piece.text.len() {
            let end = line_end(piece.text, at);
            let fate = match piece.kind {
                PieceKind::Orphan => "orphan",
                PieceKind::Cut => "cut",
                PieceKind::Record if at == 0 => "start",
                PieceKind::Record => "kept",
            };
            fates.push((chunk.offset + (piece.at + at) as u64, (end - at) as u64, fate));
            at = end;
        }
    }
}

/// Sizes just below and above a limit.
fn near(limit: usize) -> std::ops::Range<usize> {
    limit - 40..limit + 40
}

/// Texts whose lines are around all the limits: short, near the record's cap, near the line's limit.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        60 => 0..12_usize,
        8 => 900..2_000_usize,
        2 => near(MAX_RECORD_BYTES / 2),
        4 => near(MAX_RECORD_BYTES),
        1 => (MAX_LINE_BYTES - 1)..(MAX_LINE_BYTES + 3),
    ];
    let letter = prop_oneof![1 => Just(b'S'), 4 => Just(b'c'), 1 => Just(0_u8)];
    let run = prop_oneof![6 => Just(1_usize), 1 => 50..90_usize];
    let lines = prop::collection::vec((letter, length, run), 0..40);
    (lines, any::<bool>()).prop_map(|(lines, last_lf)| {
        let mut text = Vec::new();
        for (letter, length, run) in lines {
            let run = if length > 30_000 { 1 } else { run };
            (0..run).for_each(|_| {
                text.extend(std::iter::repeat_n(letter, length));
                text.push(b'\n');
            });
        }
        if !last_lf {
            text.pop();
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_line_changes_its_fate_with_the_chunk_size(
        text in texts(),
        chunk_bytes in prop_oneof![1..80_usize, near(MAX_RECORD_BYTES), 1_000..200_000_usize, Just(4 << 20)],
        sizes in prop::collection::vec(prop_oneof![1..20_usize, 5_000..2_000_000_usize], 1..5),
        with_starts in any::<bool>(),
        peek in prop_oneof![Just(0_usize), 1..70_000_usize],
    ) {
        let sizes = if text.len() > 100_000 { sizes.iter().map(|size| size.max(&700) * 3).collect() } else { sizes };
        let got = chunked(&text, chunk_bytes, sizes, with_starts, peek);
        let want = expected(&text, with_starts);
        let first = got.iter().zip(&want).position(|(got, want)| got != want);
        prop_assert!(got == want, "differs from line {first:?} on: {} and {} lines", got.len(), want.len());
    }
}

#[test]
fn every_small_chunk_size_gives_the_same() {
    let text = b"c orphan\r\nS one\n more\n\nS two\nS\n\0\0\n three\nS four\nlast";
    let want = expected(text, true);
    assert_eq!(want.iter().filter(|fate| fate.2 == "start").count(), 4);
    for chunk_bytes in 1..=text.len() + 1 {
        for size in 1..=text.len() {
            assert_eq!(chunked(text, chunk_bytes, vec![size], true, size), want, "{chunk_bytes} {size}");
        }
    }
}

#[test]
fn a_record_is_not_split_and_a_line_is_a_record_by_default() {
    let text = b"S 1\n a\n b\nS 2\nS 3\n";
    let texts = |with_starts| {
        let mut chunker = Chunker::new(&text[..], 1);
        if with_starts {
            chunker.set_record_start(Box::new(starts));
        }
        std::iter::from_fn(move || chunker.next_chunk())
            .map(|chunk| String::from_utf8(chunk.expect("no defect").bytes).expect("text"))
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(true), ["S 1\n a\n b\n", "S 2\n", "S 3\n"]);
    assert_eq!(texts(false), ["S 1\n", " a\n", " b\n", "S 2\n", "S 3\n"]);
}

#[test]
fn a_line_without_end_is_counted_in_little_memory() {
    const LONG: u64 = 1 << 30;
    let text = b"before\n".chain(io::repeat(b'x').take(LONG)).chain(&b"\nafter\n"[..]);
    let mut chunker = Chunker::new(text, 1 << 20);
    let mut next = || {
        let chunk = chunker.next_chunk().expect("a chunk").expect("no defect");
        assert!(chunker.buffer.capacity() + chunker.spare.capacity() < 4 << 20);
        (chunk.bytes, chunk.offset, chunk.oversize)
    };
    assert_eq!(next(), (b"before\n".to_vec(), 0, None));
    assert_eq!(next(), (Vec::new(), 7, Some(LONG + 1)));
    assert_eq!(next(), (b"after\n".to_vec(), 8 + LONG, None));
    assert!(chunker.next_chunk().is_none());
}

#[test]
fn peek_prefers_whole_lines_and_consumes_nothing() {
    let mut chunker = Chunker::new(&b"one\ntwo\nthree"[..], 4);
    assert_eq!(chunker.peek(6), b"one\n");
    assert_eq!(chunker.peek(2), b"on");
    assert_eq!(chunker.peek(100), b"one\ntwo\nthree");
    let first = chunker.next_chunk().expect("a chunk").expect("no defect");
    assert_eq!((first.bytes.as_slice(), first.offset, first.carry), (&b"one\n"[..], 0, Carry::Fresh));
    assert!(Chunker::new(&b""[..], 4).next_chunk().is_none());
}

#[test]
fn a_read_error_comes_once_and_after_all_bytes() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let mut chunker = Chunker::new((&b"one\nhalf"[..]).chain(Failing), 5);
    let chunk = |chunk: Option<Result<Chunk>>| chunk.expect("a chunk").expect("no defect");
    let (first, last) = (chunk(chunker.next_chunk()), chunk(chunker.next_chunk()));
    assert_eq!((first.bytes.as_slice(), first.torn), (&b"one\n"[..], false));
    assert_eq!((last.bytes.as_slice(), last.torn), (&b"half"[..], true));
    let defect = chunker.next_chunk().expect("the defect").expect_err("a defect");
    assert!(defect.what.contains("the disk is gone"), "{defect}");
    assert!(chunker.next_chunk().is_none());
}
