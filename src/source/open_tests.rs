use std::io::Write;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// A text of numbered lines.
fn lines(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| format!("{n} 10.0.0.{} \"GET /{}\" 502\n", n % 251, n * 7919).into_bytes()).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("packed")
}

/// As the `zstd` command does it: with a checksum.
fn zstd(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.include_checksum(true).expect("a checksum");
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("packed")
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("packed")
}

fn xz(text: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("packed")
}

fn lzma(text: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(6).expect("options");
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).expect("an encoder");
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("packed")
}

type Packer = fn(&[u8]) -> Vec<u8>;

/// The packers whose archives may have several members, and lzma, whose may not.
const PACKERS: [(&str, Packer); 5] = [("gzip", gzip), ("zstd", zstd), ("bzip2", bzip2), ("xz", xz), ("lzma", lzma)];

/// All that comes out of a file, and the defect.
fn read(path: &Path) -> (Vec<u8>, Option<Defect>) {
    let mut opened = open(&Member::path(path), &Progress::default()).expect("opens");
    let mut text = Vec::new();
    let defect = opened.read_to_end(&mut text).err().map(|error| defect_of("?", error));
    assert_eq!(opened.read(&mut [0; 8]).expect("ended"), 0);
    (text, defect)
}

fn read_bytes(bytes: &[u8]) -> (Vec<u8>, Option<Defect>) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("written");
    read(file.path())
}

#[test]
fn every_archive_gives_its_text_whatever_its_name() {
    let text = lines(20_000);
    for (name, pack) in PACKERS {
        assert_eq!(read_bytes(&pack(&text)), (text.clone(), None), "{name}");
        assert_eq!(read_bytes(&pack(b"")), (Vec::new(), None), "{name}");
    }
    assert_eq!(read_bytes(&text), (text, None));
    assert_eq!(read_bytes(b""), (Vec::new(), None));
}

#[test]
fn all_members_of_an_archive_are_read_and_padding_is_not() {
    let text = lines(1_000);
    for (name, pack) in &PACKERS[..4] {
        let mut bytes: Vec<u8> = text.chunks(text.len() / 4 + 1).flat_map(pack).collect();
        assert_eq!(read_bytes(&bytes), (text.clone(), None), "{name}");
        bytes.extend([0; 70_000]);
        assert_eq!(read_bytes(&bytes), (text.clone(), None), "{name}");
        bytes.extend(b"garbage");
        let (got, defect) = read_bytes(&bytes);
        assert_eq!(got, text, "{name}");
        assert!(defect.expect("a defect").what.contains(&format!("{} decompressed bytes", text.len())), "{name}");
    }
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9][..], &zstd(&text)].concat();
    assert_eq!(read_bytes(&skippable), (text, None));
}

#[test]
fn a_wrong_checksum_gives_all_text_and_one_defect() {
    let text = lines(20_000);
    let mut bytes = gzip(&text);
    let crc = bytes.len() - 8;
    bytes[crc] ^= 1;
    let (got, defect) = read_bytes(&bytes);
    assert!(got == text);
    assert!(defect.expect("a defect").what.contains("first"));
}

/// What a decoder gives that is asked for one byte at a time, so that a failing step holds back one byte at most.
fn byte_by_byte(mut reader: impl Read) -> Vec<u8> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while reader.read(&mut byte).is_ok_and(|count| count == 1) {
        text.push(byte[0]);
    }
    text
}

#[test]
fn damage_costs_no_byte_before_it() {
    let text = lines(20_000);
    for part in [0.2, 0.5, 0.9] {
        for (name, pack) in &PACKERS[..4] {
            let mut bytes = pack(&text);
            let at = (bytes.len() as f64 * part) as usize;
            bytes[at..at + 40].fill(0xff);
            let input = &bytes[..];
            let want = match *name {
                "gzip" => byte_by_byte(flate2::bufread::GzDecoder::new(input)),
                "zstd" => byte_by_byte(zstd::stream::read::Decoder::with_buffer(input).expect("a decoder")),
                "bzip2" => byte_by_byte(bzip2::bufread::BzDecoder::new(input)),
                _ => byte_by_byte(liblzma::bufread::XzDecoder::new(input)),
            };
            let (got, defect) = read_bytes(&bytes);
            assert!(defect.is_some(), "{name}");
            // A failing step of zstd does not tell what it has decoded.
            let lost = if *name == "zstd" { 4 << 10 } else { 0 };
            let exact = got.len() + lost >= want.len() && got.len() <= want.len() + 1;
            let length = got.len().min(want.len());
            assert!(exact && got[..length] == want[..length], "{name}: {} for {}", got.len(), want.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_cut_archive_gives_its_beginning_and_one_defect(which in 0..PACKERS.len(), part in 0.05..0.999_f64) {
        let text = lines(5_000);
        let (name, pack) = PACKERS[which];
        let whole = pack(&text);
        let cut = ((whole.len() as f64 * part) as usize).max(16);
        let (got, defect) = read_bytes(&whole[..cut]);
        prop_assert!(text.starts_with(&got));
        let defect = defect.expect("a defect");
        let says = format!("the {name} archive breaks off: it ends in the middle; its first {} ", got.len());
        prop_assert!(defect.what.starts_with(&says), "{}", defect);
        prop_assert!(defect.hint.is_some());
    }

    #[test]
    fn hostile_archives_end_in_a_defect_or_in_text(which in 0..PACKERS.len(), noise in prop::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [&PACKERS[which].1(b"a line\n")[..16], &noise].concat();
        let (got, _) = read_bytes(&bytes);
        prop_assert!(got.len() < 100 << 20);
    }

    #[test]
    fn utf16_is_utf8_whatever_the_letters(text in "(\\PC|\n){1,300}", little in any::<bool>()) {
        let units = text.encode_utf16();
        let bytes: Vec<u8> = match little {
            true => [0xff, 0xfe].into_iter().chain(units.flat_map(u16::to_le_bytes)).collect(),
            false => [0xfe, 0xff].into_iter().chain(units.flat_map(u16::to_be_bytes)).collect(),
        };
        prop_assert_eq!(read_bytes(&bytes), (text.clone().into_bytes(), None));
        prop_assert_eq!(read_bytes(&gzip(&bytes)), (text.into_bytes(), None));
    }
}

#[test]
fn byte_order_marks_go_and_other_bytes_stay() {
    assert_eq!(read_bytes(b"\xef\xbb\xbfline\n").0, b"line\n");
    assert_eq!(read_bytes(b"\xff\xfea\0\n").0, "a\u{fffd}".as_bytes());
    let long: Vec<u8> = [0xff, 0xfe].into_iter().chain(lines(20_000).into_iter().flat_map(|b| [b, 0])).collect();
    assert!(read_bytes(&long).0 == lines(20_000));
    for bytes in [&b"\0\0\0binary\xff\n"[..], b"\xef\xbb", b"\x1f", b"B", b"\xc0\xaf\r\n"] {
        assert_eq!(read_bytes(bytes), (bytes.to_vec(), None));
    }
}

#[test]
fn a_file_that_shrinks_says_so() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), lines(20_000)).expect("written");
    let mut opened = open(&Member::path(file.path()), &Progress::default()).expect("opens");
    let mut head = vec![0; 1000];
    opened.read_exact(&mut head).expect("the head");
    file.as_file().set_len(2_000).expect("truncated");
    let mut rest = Vec::new();
    let defect = defect_of("?", opened.read_to_end(&mut rest).expect_err("a defect"));
    assert_eq!([head, rest].concat(), lines(20_000)[..2_000]);
    assert!(defect.what.contains("shrank") && defect.what.contains("2000 of"), "{defect}");
}

#[test]
fn binary_files_are_refused_with_a_remedy() {
    for head in [&b"LPKSHHRH........"[..], b"PK\x03\x04............", b"7z\xbc\xaf\x27\x1c......."] {
        let (text, defect) = read_bytes(head);
        assert!(text.is_empty() && defect.expect("a defect").hint.is_some_and(|hint| hint.contains("triage -")));
    }
}

#[test]
fn a_missing_file_is_a_defect_and_a_virtual_one_is_read() {
    let defect = open(&Member::path("/nowhere/x.log"), &Progress::default()).err().expect("a defect");
    assert_eq!(defect.to_string(), "/nowhere/x.log: there is no such file");
    let (text, defect) = read(Path::new("/proc/self/status"));
    assert!(text.starts_with(b"Name:") && defect.is_none());
}

#[test]
fn a_pipe_is_opened_without_its_writer() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
    let mut opened = open(&Member::path(&path), &Progress::default()).expect("opens without a writer");
    let writer = std::thread::spawn(move || std::fs::write(path, gzip(b"through the pipe\n")));
    let mut text = String::new();
    opened.read_to_string(&mut text).expect("read");
    assert_eq!(text, "through the pipe\n");
    writer.join().expect("joined").expect("written");
}

#[test]
fn progress_counts_bytes_on_disk() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let bytes = gzip(&lines(5_000));
    std::fs::write(file.path(), &bytes).expect("written");
    let member = Member::path(file.path());
    let log = crate::source::Log { name: "x".into(), members: vec![member.clone()] };
    let progress = Progress::of(&[log]);
    assert_eq!((progress.read(), progress.total()), (0, Some(bytes.len() as u64)));
    open(&member, &progress).expect("opens").read_to_end(&mut Vec::new()).expect("read");
    assert_eq!(progress.read(), bytes.len() as u64);
}
