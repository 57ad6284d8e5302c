//! All that stays what it is while a model learns to speak in IDs: shared by the training and the ranker.

use std::sync::Arc;

use semid_core::{SemanticIds, TokenTrie};

use super::model::{Frozen, SpeakLayout};
use super::settings::SpeakSettings;
use super::vocabulary::CodeTokens;
use crate::language_model::tune::FrozenLlama;
use crate::language_model::tune::forward::Network;
use crate::transformer::Rounded;

/// The frozen model, the new tokens and the trie they speak in.
pub(crate) struct World {
    pub settings: SpeakSettings,
    pub llama: Arc<FrozenLlama>,
    rounded: Option<Rounded>,
    pub tokens: CodeTokens,
    pub layout: SpeakLayout,
    pub trie: TokenTrie,
}

impl World {
    pub fn new(settings: &SpeakSettings, llama: &Arc<FrozenLlama>, ids: &SemanticIds) -> Self {
        let tokens = CodeTokens::new(ids, llama.shape().vocabulary);
        World {
            layout: SpeakLayout::new(llama, tokens.count(), &settings.lora),
            rounded: llama.rounded(llama.shape().layers, true, settings.precision),
            trie: TokenTrie::new(ids),
            settings: settings.clone(),
            llama: llama.clone(),
            tokens,
        }
    }

    /// The frozen side as passes read it.
    pub fn frozen(&self) -> Frozen<'_, f32> {
        let (llama, rounded) = (&*self.llama, self.rounded.as_ref());
        Frozen {
            network: Network::new(llama, llama.shape().layers, rounded),
            embedding: &llama.values[llama.layout.embedding.clone()],
            output: llama.parameters(rounded).matrix(&llama.layout.output, llama.shape().hidden),
            layout: &self.layout,
        }
    }
}
