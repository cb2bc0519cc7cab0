//! The page's scripts as one file. A browser that asks for forty of them, each of which names the next, shows the page
//! later than one that asks for one.
//!
//! Invariants:
//! - The scripts are plain modules, which a browser could load as they are; nobody who edits the page needs this file.
//! - It reads lines, not JavaScript: an import is a line (`import { a, b } from "./c.js";`, `import * as c from
//!   "./c.js";`), what is exported is declared behind the word `export`, and nothing is imported in a circle.
//!
//! - Comments are lines of their own, and go; so does indentation: that is a tenth of what is sent. Where a template
//!   literal goes on over the end of a line, its lines stay as they are.
//!
//! A script becomes a function that is called once, behind those that it imports from, and answers what it exports.

use std::fmt::Write as _;

/// A script's name, without `.js`, and its text.
pub type Script = (&'static str, &'static str);

/// `main` and all that it imports.
///
/// # Panics
/// When a script is none of those that this file can read; the tests join all there are.
pub fn joined(scripts: &[Script], main: &str) -> String {
    let mut joining = Joining {
        scripts,
        begun: Vec::new(),
        done: Vec::new(),
        text: String::new(),
    };
    joining.add(main);
    joining.text
}

struct Joining<'a> {
    scripts: &'a [Script],
    begun: Vec<&'static str>,
    done: Vec<&'static str>,
    text: String,
}

impl Joining<'_> {
    fn add(&mut self, name: &str) {
        let found = self.scripts.iter().find(|(other, _)| *other == name);
        let (name, text) = *found.unwrap_or_else(|| panic!("there is no {name}.js"));
        if self.done.contains(&name) {
            return;
        }
        assert!(
            !self.begun.contains(&name),
            "{name}.js is imported by what it imports: {:?}",
            self.begun
        );
        self.begun.push(name);
        let (mut body, mut exports) = (String::new(), Vec::new());
        let mut reader = Reader::default();
        for line in text.lines() {
            let Some(line) = reader.read(line) else {
                continue;
            };
            let line = if let Some(import) = line.strip_prefix("import ") {
                let (what, from) = parts(import).unwrap_or_else(|| panic!("{name}.js: {line}"));
                self.add(from);
                &format!("const {what} = from_{from};")
            } else if let Some(declaration) = line.strip_prefix("export ") {
                let name = declared(declaration).unwrap_or_else(|| panic!("{name}.js: {line}"));
                exports.push(name);
                declaration
            } else {
                line
            };
            body.push_str(line);
            body.push('\n');
        }
        let _ = write!(
            self.text,
            "// {name}.js\nconst from_{name} = (() => {{\n{body}return {{ {} }};\n}})();\n",
            exports.join(", ")
        );
        self.done.push(name);
    }
}

/// Where a script is read, at the end of a line.
#[derive(Default)]
struct Reader {
    in_comment: bool,
    /// Template literals that are open, each within an expression of the one before.
    templates: Vec<Template>,
}

/// A template literal that has not ended.
#[derive(Default)]
struct Template {
    /// Braces that are open in the expression that is read (`${`, that one too); 0: what is read is text.
    braces: usize,
}

impl Reader {
    /// What is sent of the next line; `None`: nothing.
    fn read<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if !self.templates.is_empty() {
            self.follow(line);
            return Some(line);
        }
        let code = line.trim();
        if self.in_comment || code.starts_with("/*") {
            self.in_comment = !code.ends_with("*/");
            return None;
        }
        if code.is_empty() || code.starts_with("//") {
            return None;
        }
        self.follow(code);
        Some(if self.templates.is_empty() {
            code
        } else {
            line.trim_start()
        })
    }

    /// Which template literals are open at its end.
    fn follow(&mut self, line: &str) {
        let mut letters = line.chars().peekable();
        let mut quote = None;
        while let Some(letter) = letters.next() {
            if letter == '\\' {
                letters.next();
                continue;
            }
            if quote.is_some() {
                quote = quote.filter(|quote| *quote != letter);
                continue;
            }
            match (letter, self.templates.last_mut()) {
                ('`', Some(Template { braces: 0 })) => {
                    self.templates.pop();
                }
                ('$', Some(Template { braces: braces @ 0 })) if letters.peek() == Some(&'{') => {
                    letters.next();
                    *braces = 1;
                }
                (_, Some(Template { braces: 0 })) => {}
                ('`', _) => self.templates.push(Template::default()),
                ('"' | '\'', _) => quote = Some(letter),
                ('{', Some(template)) => template.braces += 1,
                ('}', Some(template)) => template.braces -= 1,
                _ => {}
            }
        }
        assert!(quote.is_none(), "a text has no end on its line: {line}");
    }
}

/// `{ a, b } from "./c.js";`: what is imported, and from where.
fn parts(import: &str) -> Option<(&str, &str)> {
    let (what, from) = import.split_once(" from \"./")?;
    let what = what.strip_prefix("* as ").unwrap_or(what);
    Some((what, from.strip_suffix(".js\";")?))
}

/// `async function load() {`: the name.
fn declared(declaration: &str) -> Option<&str> {
    let declaration = declaration.strip_prefix("async ").unwrap_or(declaration);
    let (kind, rest) = declaration.split_once(' ')?;
    if !["const", "function", "class"].contains(&kind) {
        return None;
    }
    rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .next()
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_stands_once_and_behind_what_it_imports() {
        let scripts = [
            (
                "main",
                "import { two } from \"./b.js\";\nimport * as a from \"./a.js\";\nrun(two, a);\n",
            ),
            (
                "b",
                "import { one } from \"./a.js\";\nexport const two = one + one;\n",
            ),
            (
                "a",
                "export const one = 1;\nconst own = 7;\nexport async function ask(x) {\n  return own;\n}\n",
            ),
            ("unused", "nothing"),
        ];
        let wanted = [
            "// a.js",
            "const from_a = (() => {",
            "const one = 1;",
            "const own = 7;",
            "async function ask(x) {",
            "return own;",
            "}",
            "return { one, ask };",
            "})();",
            "// b.js",
            "const from_b = (() => {",
            "const { one } = from_a;",
            "const two = one + one;",
            "return { two };",
            "})();",
            "// main.js",
            "const from_main = (() => {",
            "const { two } = from_b;",
            "const a = from_a;",
            "run(two, a);",
            "return {  };",
            "})();",
        ];
        let joined = joined(&scripts, "main");
        assert_eq!(joined.lines().collect::<Vec<_>>(), wanted);
    }

    fn body(script: &'static str) -> String {
        let joined = joined(&[("a", script)], "a");
        let body = joined.strip_prefix("// a.js\nconst from_a = (() => {\n");
        let body = body.and_then(|text| text.strip_suffix("return {  };\n})();\n"));
        body.expect(script).to_owned()
    }

    #[test]
    fn comments_and_indentation_are_left_out() {
        let script = "// one\n/** two */\n  /**\n   * `three\n   */\n\n  run(\n    4);\n";
        assert_eq!(body(script), "run(\n4);\n");
        assert_eq!(
            body("  a(\"// no\", '`', \"it's\", \"\\\"`\");\n  b();"),
            "a(\"// no\", '`', \"it's\", \"\\\"`\");\nb();\n"
        );
    }

    #[test]
    fn template_literals_stay_as_they_are() {
        for script in [
            "const a = `\n    // kept\n  /* kept\n\n`;\n",
            "const a = `${ {} } ${b(`\n  c ${ { d: \"}`\" }.d }\n  `)}  \n  e`;\n",
            "const a = `\\`\n  \\${ `;\n",
        ] {
            assert_eq!(body(script), script);
        }
        let both = "  f(`a${\n    b}  \n  c`);\n  // gone\n  g();\n";
        assert_eq!(body(both), "f(`a${\n    b}  \n  c`);\ng();\n");
    }

    #[test]
    #[should_panic(expected = "has no end on its line")]
    fn what_it_would_take_for_a_text_is_refused() {
        body("const quote = /\"/;\n");
    }

    #[test]
    #[should_panic(expected = "is imported by what it imports")]
    fn a_circle_is_refused() {
        let scripts = [
            ("a", "import { b } from \"./b.js\";\nexport const a = b;"),
            ("b", "import { a } from \"./a.js\";\nexport const b = a;"),
        ];
        joined(&scripts, "a");
    }

    #[test]
    #[should_panic(expected = "export default")]
    fn what_it_cannot_read_is_refused() {
        joined(&[("a", "export default 1;")], "a");
    }
}
