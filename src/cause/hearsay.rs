//! Text that anybody may have put into a message.
//!
//! In: a PHP message and the wording that a rule knows it by. Out: whether the wording stands where a script repeats what it
//! was given. PHP's warnings name the function that warns first (`mysqli_connect(): ...`), and what follows is the engine's
//! own; every other warning quotes keys, paths and arguments, which come from the request as often as not. Such a verdict is
//! kept, and is no statement.

use crate::grammar::wording::Wording;
use memchr::memmem;

/// How PHP's messages begin that stop no request.
const WARNINGS: [&[u8]; 3] = [b"PHP Warning:  ", b"PHP Notice:  ", b"PHP Deprecated:  "];

/// Whether what fits one of these wordings is only repeated by a warning.
pub(super) fn is_repeated(message: &[u8], says: &[Wording]) -> bool {
    let found = says.iter().filter_map(|wording| telling_end(wording, message));
    let all: Vec<bool> = found.map(|end| in_warning(&message[..end])).collect();
    !all.is_empty() && all.into_iter().all(|repeated| repeated)
}

/// Where the last piece of the wording ends in the message; the first one is the frame around all that a program says.
fn telling_end(wording: &Wording, message: &[u8]) -> Option<usize> {
    let piece = wording.parts.last()?;
    let at = memmem::find(message, piece.needle())?;
    Some(at + piece.needle().len())
}

/// Whether this text ends within a warning that names no function of its own.
fn in_warning(text: &[u8]) -> bool {
    let start = WARNINGS.iter().filter_map(|level| Some(memmem::rfind(text, level)? + level.len())).max();
    let Some(warning) = start.map(|start| &text[start..]) else { return false };
    // A message that follows is another one.
    if memmem::find(warning, b"PHP Fatal error: ").is_some() || memmem::find(warning, b"PHP message: ").is_some() {
        return false;
    }
    let name = warning.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_\\:".contains(byte)).count();
    name == 0 || !warning[name..].starts_with(b"(): ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(message: &str, says: &str) -> bool {
        is_repeated(message.as_bytes(), &[Wording::parse(says)])
    }

    #[test]
    fn only_what_a_function_says_of_itself_is_a_statement() {
        let says = "{_}SQLSTATE[{_}";
        assert!(repeated(r#"PHP Warning:  Undefined array key "SQLSTATE[HY000] [2002]" in /srv/a.php"#, says));
        assert!(repeated("PHP Notice:  Undefined index: SQLSTATE[HY000] in /srv/a.php", says));
        assert!(repeated("PHP Warning:  fopen(SQLSTATE[HY000]): Failed to open stream", says));
        assert!(!repeated("PHP Warning:  PDO::__construct(): SQLSTATE[HY000] [2002] Connection refused", says));
        assert!(!repeated("PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002]", says));
        let after = "PHP Warning:  Undefined variable $a in /srv/a.php; PHP message: PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000]";
        assert!(!repeated(after, says));
        assert!(!repeated("nothing of PHP: SQLSTATE[HY000]", says));
    }
}
