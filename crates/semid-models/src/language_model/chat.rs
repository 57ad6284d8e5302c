//! A conversation as the text a model was trained on, by the template that its file carries.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, Value, context};
use semid_core::{Error, Result};

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// "system", "user" or "assistant".
    pub role: String,
    /// What was said.
    pub content: String,
}

impl Turn {
    /// A turn.
    pub fn new(role: &str, content: impl Into<String>) -> Turn {
        Turn { role: role.to_owned(), content: content.into() }
    }
}

/// What files without a template, but with its tokens, were most likely trained on.
const CHAT_ML: &str = "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// For models that were never trained to answer: what was said, one after another.
const PLAIN: &str = "{% for message in messages %}{{ message.content + '\n\n' }}{% endfor %}";

/// A parsed template.
pub(super) struct ChatTemplate {
    environment: Environment<'static>,
    begin: String,
    end: String,
}

impl ChatTemplate {
    /// Parses a file's template; without one, what its vocabulary suggests.
    pub fn parse(source: Option<&str>, has_chat_tokens: bool, begin: &str, end: &str) -> Result<Self> {
        let source = source.unwrap_or(if has_chat_tokens { CHAT_ML } else { PLAIN });
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        let syntax = syntax.map_err(|error| Error::inside("setting up templates", error))?;
        // As the makers of templates render them: a tag alone on its line leaves no line behind.
        environment.set_syntax(syntax);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |text: String| -> std::result::Result<String, minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, text))
        });
        environment.add_template_owned("chat", source.to_owned()).map_err(|error| {
            Error::input(format!(
                "The chat template of the language model cannot be read ({error}). Choose another model."
            ))
        })?;
        Ok(ChatTemplate { environment, begin: begin.to_owned(), end: end.to_owned() })
    }

    /// The conversation as text, with the beginning of an answer. A template's own default system message stands in where
    /// none is given.
    pub fn render(&self, turns: &[Turn]) -> Result<String> {
        let template =
            self.environment.get_template("chat").map_err(|error| Error::inside("finding the template", error))?;
        let message = |turn: &Turn| context! { role => turn.role.as_str(), content => turn.content.as_str() };
        let values = context! {
            messages => turns.iter().map(message).collect::<Vec<Value>>(),
            add_generation_prompt => true,
            bos_token => self.begin.as_str(),
            eos_token => self.end.as_str(),
        };
        template.render(values).map_err(|error| {
            Error::input(format!(
                "The chat template of the language model refuses this conversation: {error}. Some models take no system message, or want user and assistant in turn."
            ))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_template_gets_its_names_its_methods_and_a_default_system_message() {
        let source = "{{ bos_token }}{%- for message in messages %}\n    {%- if loop.first and message['role'] != 'system' %}S:default\n{% endif %}\n{{- message['role'].upper() + ':' + message['content'].strip() + eos_token }}{% endfor %}{% if add_generation_prompt %}A:{% endif %}";
        let template = ChatTemplate::parse(Some(source), false, "<s>", "</s>").unwrap();
        let text = template.render(&[Turn::new("user", " hi ")]).unwrap();
        assert_eq!(
            text, "<s>S:default\nUSER:hi</s>A:",
            "methods of Python strings work, and blanks are trimmed as usual"
        );
        let refusing = ChatTemplate::parse(Some("{{ raise_exception('no system turn') }}"), false, "", "").unwrap();
        let error = refusing.render(&[]).unwrap_err().to_string();
        assert!(error.contains("no system turn"), "a template says itself what it refuses: {error}");
        assert!(ChatTemplate::parse(Some("{% for %}"), false, "", "").is_err(), "nonsense is no template");
        let plain = ChatTemplate::parse(None, true, "", "").unwrap();
        assert_eq!(
            plain.render(&[Turn::new("user", "hi")]).unwrap(),
            "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
            "a file with chat tokens and no template speaks ChatML"
        );
    }
}
