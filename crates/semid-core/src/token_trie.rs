//! The trie over a catalog's IDs: what a decoder may emit after a prefix, and which items a prefix leads to.

use std::ops::Range;

use crate::{Code, SemanticIds};

/// A trie over the tokens of all IDs, read-only once built.
///
/// Nodes are numbered breadth-first and, inside one depth, in the order of their prefixes, so the children of a node
/// are one range of numbers and the items below a node one slice. The root is node 0 at depth 0; an item's leaf lies at
/// depth `tokens_per_item`. Items that share an ID share a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTrie {
    nodes: Vec<Node>,
    /// First node of each depth, and one past the last node.
    depths: Vec<u32>,
    /// Items ordered by ID, then by index.
    items: Vec<u32>,
    /// Leaf of each item.
    leaves: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    code: Code,
    parent: u32,
    first_child: u32,
    end_child: u32,
    first_item: u32,
    end_item: u32,
}

impl TokenTrie {
    /// The node above all others.
    pub const ROOT: u32 = 0;

    /// Builds the trie of all items' IDs.
    pub fn new(ids: &SemanticIds) -> Self {
        let depth = ids.tokens_per_item();
        let rows: Vec<Vec<Code>> = (0..ids.len()).map(|item| ids.row(item).collect()).collect();
        let mut items: Vec<u32> = (0..ids.len() as u32).collect();
        items.sort_by(|&a, &b| rows[a as usize].cmp(&rows[b as usize]).then(a.cmp(&b)));

        let all = items.len() as u32;
        let mut nodes =
            vec![Node { code: 0, parent: Self::ROOT, first_child: 1, end_child: 1, first_item: 0, end_item: all }];
        let mut depths = vec![0, 1];
        for level in 0..depth {
            for parent in depths[level]..depths[level + 1] {
                let (mut from, end) = (nodes[parent as usize].first_item, nodes[parent as usize].end_item);
                nodes[parent as usize].first_child = nodes.len() as u32;
                while from < end {
                    let code = rows[items[from as usize] as usize][level];
                    let until = from
                        + items[from as usize..end as usize].partition_point(|&item| rows[item as usize][level] == code)
                            as u32;
                    nodes.push(Node { code, parent, first_child: 0, end_child: 0, first_item: from, end_item: until });
                    from = until;
                }
                nodes[parent as usize].end_child = nodes.len() as u32;
            }
            depths.push(nodes.len() as u32);
        }
        let mut leaves = vec![Self::ROOT; items.len()];
        for leaf in depths[depth]..depths[depth + 1] {
            let node = &nodes[leaf as usize];
            for &item in &items[node.first_item as usize..node.end_item as usize] {
                leaves[item as usize] = leaf;
            }
        }
        TokenTrie { nodes, depths, items, leaves }
    }

    /// Tokens from the root to a leaf.
    pub fn depth(&self) -> usize {
        self.depths.len() - 2
    }

    /// Number of nodes, the root included.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes at a depth; the leaves at `depth()`.
    pub fn at_depth(&self, depth: usize) -> Range<u32> {
        self.depths[depth]..self.depths[depth + 1]
    }

    /// Number of different IDs.
    pub fn leaves(&self) -> usize {
        self.at_depth(self.depth()).len()
    }

    /// The nodes one token further, in the order of their codes; empty for a leaf.
    pub fn children(&self, node: u32) -> Range<u32> {
        let node = &self.nodes[node as usize];
        node.first_child..node.end_child
    }

    /// The child that a code leads to, if some item's ID goes there.
    pub fn child(&self, node: u32, code: Code) -> Option<u32> {
        let range = self.children(node);
        let children = &self.nodes[range.start as usize..range.end as usize];
        children.binary_search_by_key(&code, |child| child.code).ok().map(|at| range.start + at as u32)
    }

    /// The code that leads from the parent to this node; 0 for the root.
    pub fn code(&self, node: u32) -> Code {
        self.nodes[node as usize].code
    }

    /// The node one token before; the root is its own parent.
    pub fn parent(&self, node: u32) -> u32 {
        self.nodes[node as usize].parent
    }

    /// All items whose IDs start with this prefix.
    pub fn items(&self, node: u32) -> &[u32] {
        let node = &self.nodes[node as usize];
        &self.items[node.first_item as usize..node.end_item as usize]
    }

    /// Where an item's ID ends.
    pub fn leaf(&self, item: u32) -> u32 {
        self.leaves[item as usize]
    }

    /// Whether these tokens spell an item's ID.
    pub fn spells_an_item(&self, tokens: &[Code]) -> bool {
        tokens.len() == self.depth()
            && tokens.iter().try_fold(Self::ROOT, |node, &code| self.child(node, code)).is_some_and(|leaf| {
                let leaf = &self.nodes[leaf as usize];
                leaf.end_item > leaf.first_item
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::{CodeShape, Seed, SemanticId};
    use rand::Rng;

    fn ids(rows: &[(&[Code], Option<u16>)]) -> SemanticIds {
        let levels = rows.first().map_or(1, |row| row.0.len());
        SemanticIds {
            shape: CodeShape::uniform(levels, 10),
            suffixes: rows.iter().filter_map(|row| row.1).max().map_or(0, |digit| digit + 1),
            ids: rows.iter().map(|row| SemanticId { codes: row.0.to_vec(), suffix: row.1 }).collect(),
        }
    }

    #[test]
    fn a_small_trie_has_the_nodes_and_items_one_would_draw() {
        let trie = TokenTrie::new(&ids(&[(&[3, 1], None), (&[0, 9], None), (&[3, 1], None), (&[3, 0], None)]));
        assert_eq!(trie.depth(), 2, "two levels and no digit");
        assert_eq!(trie.leaves(), 3, "items 0 and 2 share an ID");
        assert_eq!(trie.nodes(), 1 + 2 + 3, "root, codes 0 and 3, three leaves");
        let three = trie.child(TokenTrie::ROOT, 3).unwrap();
        assert_eq!(trie.items(three), &[3, 0, 2], "items below 3 in the order of their IDs");
        assert_eq!(trie.items(trie.leaf(0)), &[0, 2], "the shared leaf holds both");
        assert_eq!(trie.child(TokenTrie::ROOT, 4), None, "no ID starts with 4");
        assert!(trie.spells_an_item(&[0, 9]) && !trie.spells_an_item(&[0, 8]) && !trie.spells_an_item(&[0]));
    }

    #[test]
    fn an_empty_catalog_gives_a_trie_without_leaves() {
        let trie = TokenTrie::new(&SemanticIds { shape: CodeShape::uniform(3, 4), suffixes: 0, ids: vec![] });
        assert_eq!((trie.depth(), trie.leaves()), (3, 0), "the depth is the shape's, and there is nothing to emit");
        assert!(trie.children(TokenTrie::ROOT).is_empty(), "nothing can follow the root");
    }

    #[test]
    fn every_item_is_found_by_walking_its_tokens_and_back_by_walking_up() {
        let mut rng = Seed(5).rng("trie");
        let rows: Vec<Vec<Code>> = (0..500).map(|_| (0..3).map(|_| rng.random_range(0..6)).collect()).collect();
        let ids = ids(&rows.iter().enumerate().map(|(i, r)| (&r[..], Some((i % 4) as u16))).collect::<Vec<_>>());
        let trie = TokenTrie::new(&ids);
        assert_eq!(trie.depth(), 4, "three levels and the digit");
        for item in 0..ids.len() {
            let tokens: Vec<Code> = ids.row(item).collect();
            let leaf = tokens.iter().try_fold(TokenTrie::ROOT, |node, &code| trie.child(node, code)).unwrap();
            assert_eq!(leaf, trie.leaf(item as u32), "walking down ends at the item's leaf");
            assert!(trie.items(leaf).contains(&(item as u32)), "the leaf holds the item");
            let (mut node, mut back) = (leaf, vec![]);
            while node != TokenTrie::ROOT {
                back.push(trie.code(node));
                node = trie.parent(node);
                assert!(trie.items(node).contains(&(item as u32)), "every prefix holds the item");
            }
            back.reverse();
            assert_eq!(back, tokens, "walking up spells the ID backwards");
        }
    }
}
