//! What psql takes for itself, blanked: the rest is what it sends, at unchanged offsets.
//! Written apart from the kernel's splitter, which it helps to judge.

/// The text that reaches the server: meta-commands and COPY data become spaces, variables the word or the
/// literal they stand for.
pub(crate) fn blanked(text: &str) -> String {
    let mut blank = Blank { text: text.as_bytes(), out: text.as_bytes().to_vec(), statement: 0, at: 0 };
    if text.starts_with('\u{feff}') {
        blank.spaces(0, 3);
        blank.at = 3;
    }
    while blank.at < blank.text.len() {
        blank.step();
    }
    String::from_utf8(blank.out).unwrap_or_default()
}

/// A name's placeholders as they are blanked.
pub(crate) fn filled(name: &str) -> String {
    let mut out = name.to_owned();
    for (open, close) in [("{{", "}}"), ("${", "}")] {
        while let Some(start) = out.find(open) {
            let Some(end) = out[start..].find(close).map(|at| start + at + close.len()) else { break };
            out.replace_range(start..end, &"_".repeat(end - start));
        }
    }
    out
}

struct Blank<'a> {
    text: &'a [u8],
    out: Vec<u8>,
    /// Where the statement being read starts.
    statement: usize,
    at: usize,
}

/// Meta-commands that send the statement before them.
const SENDING: [&str; 8] = ["g", "gset", "gx", "gexec", "gdesc", "crosstabview", "watch", "gpipeline"];

impl Blank<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// Behind the next `needle`, from `from` on.
    fn behind(&self, from: usize, needle: &[u8]) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let found = rest.windows(needle.len()).position(|window| window == needle);
        found.map_or(self.text.len(), |by| from + by + needle.len())
    }

    /// Line breaks stay: they end comments.
    fn spaces(&mut self, from: usize, to: usize) {
        for byte in self.out.iter_mut().take(to).skip(from) {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }

    fn step(&mut self) {
        let wordy = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        let (first, second) = (self.byte(self.at), self.byte(self.at + 1));
        match first {
            b'-' if second == b'-' => self.at = self.behind(self.at, b"\n"),
            b'/' if second == b'*' => self.comment(),
            b'\'' => {
                let before = self.at.checked_sub(1).map_or(0, |at| self.byte(at));
                let prefix = self.at.checked_sub(2).map_or(0, |at| self.byte(at));
                self.string(matches!(before, b'e' | b'E') && !wordy(prefix));
            }
            b'"' => self.at = self.behind(self.at + 1, b"\""),
            b'{' | b'$' if self.template() => {}
            b'$' if !self.at.checked_sub(1).is_some_and(|at| wordy(self.byte(at))) => self.dollar(),
            b';' => self.semicolon(),
            b'\\' => self.backslash(),
            b':' => self.colon(),
            _ => self.at += 1,
        }
    }

    /// A template's placeholder becomes a name of the same length, a directive becomes spaces.
    fn template(&mut self) -> bool {
        let (closing, fill): (&[u8], u8) = match [self.byte(self.at), self.byte(self.at + 1)] {
            [b'{', b'{'] => (b"}}", b'_'),
            [b'$', b'{'] => (b"}", b'_'),
            [b'{', b'%'] => (b"%}", b' '),
            [b'{', b'#'] => (b"#}", b' '),
            _ => return false,
        };
        let end = self.behind(self.at, closing);
        self.out[self.at..end].fill(fill);
        self.at = end;
        true
    }

    fn comment(&mut self) {
        let mut depth = 0;
        while self.at < self.text.len() {
            if self.rest().starts_with(b"/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
    }

    /// A doubled quote is two strings side by side here, which ends at the same place.
    fn string(&mut self, escapes: bool) {
        self.at += 1;
        while self.at < self.text.len() && self.byte(self.at) != b'\'' {
            self.at += if escapes && self.byte(self.at) == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        if escapes && self.byte(self.at) == b'\'' {
            self.string(true);
        }
    }

    fn dollar(&mut self) {
        let start = self.at;
        let tag =
            self.rest().iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
        let end = start + 1 + tag.count();
        if self.byte(end) != b'$' || self.byte(start + 1).is_ascii_digit() {
            self.at += 1;
            return;
        }
        let tag = self.text[start..=end].to_vec();
        self.at = self.behind(end + 1, &tag);
    }

    fn semicolon(&mut self) {
        let statement = String::from_utf8_lossy(&self.out[self.statement..self.at]).to_lowercase();
        let words: Vec<&str> = statement
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .flat_map(str::split_whitespace)
            .collect();
        self.at += 1;
        self.statement = self.at;
        let from_client = words.windows(2).any(|pair| pair[0] == "from" && pair[1].starts_with("stdin"));
        if words.first() == Some(&"copy") && from_client {
            self.data();
        }
    }

    /// From the next line on, through the line `\.`.
    fn data(&mut self) {
        let start = self.behind(self.at, b"\n");
        let mut line = start;
        while line < self.text.len() {
            let next = self.behind(line, b"\n");
            let whole = &self.text[line..next];
            line = next;
            if whole.trim_ascii_end() == b"\\." {
                break;
            }
        }
        self.spaces(start, line);
        self.at = line;
    }

    fn backslash(&mut self) {
        let start = self.at;
        if self.byte(start + 1) == b';' {
            self.spaces(start, start + 1);
            self.at += 2;
            return;
        }
        let line_end = start + self.rest().iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
        let line = String::from_utf8_lossy(&self.text[start..line_end]).into_owned();
        let end = line.get(1..).and_then(|rest| rest.find("\\\\")).map_or(line_end, |by| start + by + 3);
        self.spaces(start, end);
        self.at = end;
        let command: String = line.chars().skip(1).take_while(char::is_ascii_alphabetic).collect();
        if SENDING.contains(&command.as_str()) && !self.out[self.statement..start].trim_ascii().is_empty() {
            self.out[start] = b';';
            self.statement = start + 1;
        }
        let folded = line.to_lowercase();
        let words: Vec<&str> = folded.split_whitespace().collect();
        let from_client = words.windows(2).any(|pair| pair[0] == "from" && pair[1].contains("stdin"));
        if command == "copy" && from_client {
            self.data();
        }
    }

    /// `:name`, `:'name'`, `:"name"`, `:{?name}`.
    fn colon(&mut self) {
        let next = self.byte(self.at + 1);
        if matches!(next, b':' | b'=') {
            self.at += 2;
        } else if next == b'{' {
            let end = self.behind(self.at, b"}");
            self.spaces(self.at, end);
            self.out[self.at] = b'1';
            self.at = end;
        } else {
            if next.is_ascii_alphabetic() || matches!(next, b'_' | b'\'' | b'"') {
                self.out[self.at] = b' ';
            }
            self.at += 1;
        }
    }
}

#[test]
fn only_what_is_sent_remains() {
    for (text, sent) in [
        ("\\set a 1\nselect 1;", "        \nselect 1;"),
        ("select 1 \\gset x_\nselect 2;", "select 1 ;       \nselect 2;"),
        ("select ':a', :a, :'a', b::int;", "select ':a',  a,  'a', b::int;"),
        ("copy t from stdin;\n1\t;\n\\.\nselect 1;", "copy t from stdin;\n   \n  \nselect 1;"),
        ("select E'\\'\\x', $$\\x$$; -- \\x", "select E'\\'\\x', $$\\x$$; -- \\x"),
        ("a \\; b", "a  ; b"),
        ("{% if a %}b.${c}{{ d }}, '{{e}}'", "          b.___________, '{{e}}'"),
    ] {
        assert_eq!(blanked(text), sent);
    }
}
