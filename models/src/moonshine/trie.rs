//! Texts as paths of tokens: which token goes on, and what a path means when it ends.

use std::collections::BTreeMap;

use super::tokenizer::Token;

/// Where every path begins.
pub(super) const ROOT: usize = 0;

#[derive(Debug)]
struct Node<V> {
    children: BTreeMap<Token, usize>,
    value: Option<V>,
}

/// Paths of tokens that share their beginnings. Nodes are named by number, [`ROOT`] first.
#[derive(Debug)]
pub(super) struct Trie<V> {
    nodes: Vec<Node<V>>,
}

impl<V> Trie<V> {
    pub(super) fn new() -> Self {
        Trie { nodes: vec![Node { children: BTreeMap::new(), value: None }] }
    }

    /// Adds a path; its value replaces that of the same path before. A path without tokens is left out.
    pub(super) fn add(&mut self, tokens: &[Token], value: V) {
        let mut at = ROOT;
        for token in tokens {
            at = match self.nodes[at].children.get(token) {
                Some(next) => *next,
                None => {
                    self.nodes.push(Node { children: BTreeMap::new(), value: None });
                    let next = self.nodes.len() - 1;
                    self.nodes[at].children.insert(*token, next);
                    next
                }
            };
        }
        if at != ROOT {
            self.nodes[at].value = Some(value);
        }
    }

    pub(super) fn children(&self, node: usize) -> impl Iterator<Item = (Token, usize)> + '_ {
        self.nodes[node].children.iter().map(|(token, next)| (*token, *next))
    }

    pub(super) fn child(&self, node: usize, token: Token) -> Option<usize> {
        self.nodes[node].children.get(&token).copied()
    }

    /// What the path to this node means, if one ends here.
    pub(super) fn value(&self, node: usize) -> Option<&V> {
        self.nodes[node].value.as_ref()
    }

    /// Whether paths go on from here.
    pub(super) fn goes_on(&self, node: usize) -> bool {
        !self.nodes[node].children.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }
}
