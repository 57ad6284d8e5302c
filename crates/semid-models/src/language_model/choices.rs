//! The continuations a model may choose among, as a tree of tokens.

use std::ops::Range;

/// A tree over allowed sequences of tokens, read-only once built. Sequences may differ in length, share beginnings, and be
/// the same.
///
/// Nodes are numbered breadth-first, so a parent comes before its children and the children of a node are one range. The
/// root is node 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    nodes: Vec<Node>,
    sequences: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    token: u32,
    parent: u32,
    children: Range<u32>,
    /// Sequences that end here.
    ends: Vec<u32>,
}

impl Choices {
    /// The node before the first token.
    pub const ROOT: u32 = 0;

    /// Builds the tree. An empty sequence ends at the root: it is certain.
    pub fn new<S: AsRef<[u32]>>(sequences: &[S]) -> Choices {
        let mut order: Vec<u32> = (0..sequences.len() as u32).collect();
        let row = |index: u32| sequences[index as usize].as_ref();
        order.sort_by(|&a, &b| row(a).cmp(row(b)).then(a.cmp(&b)));
        let node = |token, parent| Node { token, parent, children: 0..0, ends: Vec::new() };
        let mut nodes = vec![node(0, Self::ROOT)];
        // The sequences below each node of the depth that is being built: a range of the order.
        let mut level: Vec<Range<usize>> = std::iter::once(0..order.len()).collect();
        let mut first_of_level = 0;
        for depth in 0.. {
            let mut below = Vec::new();
            for (at, range) in level.iter().enumerate() {
                let parent = first_of_level + at;
                let mut from = range.start;
                while from < range.end && row(order[from]).len() == depth {
                    nodes[parent].ends.push(order[from]);
                    from += 1;
                }
                let first = nodes.len() as u32;
                while from < range.end {
                    let token = row(order[from])[depth];
                    let until = from + order[from..range.end].partition_point(|&index| row(index)[depth] == token);
                    nodes.push(node(token, parent as u32));
                    below.push(from..until);
                    from = until;
                }
                nodes[parent].children = first..nodes.len() as u32;
            }
            if below.is_empty() {
                break;
            }
            first_of_level += level.len();
            level = below;
        }
        Choices { nodes, sequences: sequences.len() }
    }

    /// How many sequences there are.
    pub fn len(&self) -> usize {
        self.sequences
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sequences == 0
    }

    /// How many nodes there are, the root included.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes one token further.
    pub fn children(&self, node: u32) -> Range<u32> {
        self.nodes[node as usize].children.clone()
    }

    /// The token that leads to a node; 0 for the root.
    pub fn token(&self, node: u32) -> u32 {
        self.nodes[node as usize].token
    }

    /// The node one token before; the root is its own parent.
    pub fn parent(&self, node: u32) -> u32 {
        self.nodes[node as usize].parent
    }

    /// The sequences that end at a node, by their index.
    pub fn ends(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize].ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_has_the_nodes_one_would_draw() {
        let sequences: [&[u32]; 6] = [&[5, 1, 2], &[5, 1], &[3], &[5, 1, 2], &[], &[5, 9, 9, 9]];
        let choices = Choices::new(&sequences);
        assert_eq!(choices.nodes(), 1 + 2 + 2 + 2 + 1, "root; 3, 5; 5 1, 5 9; 5 1 2, 5 9 9; 5 9 9 9");
        assert_eq!(choices.ends(Choices::ROOT), [4], "the empty sequence ends where it begins");
        let mut found = vec![Vec::new(); sequences.len()];
        for node in 0..choices.nodes() as u32 {
            let (mut path, mut at) = (Vec::new(), node);
            while at != Choices::ROOT {
                path.push(choices.token(at));
                assert!(choices.children(choices.parent(at)).contains(&at), "a child is found from its parent");
                at = choices.parent(at);
            }
            path.reverse();
            for &end in choices.ends(node) {
                found[end as usize] = path.clone();
            }
        }
        assert!(found.iter().zip(sequences).all(|(found, given)| found == given), "every sequence ends where it leads");
        assert!(
            Choices::new::<Vec<u32>>(&[]).children(Choices::ROOT).is_empty(),
            "nothing follows where nothing is allowed"
        );
    }
}
