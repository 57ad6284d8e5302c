"""The search of beam.rs in PyTorch: the same model of whole-item positions and per-level heads, the same sizes, beam and
trie (as masks over the codes after each prefix), batched over users and beams, random weights.

python beam.py [--threads 2] [--batch 100]
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

p = argparse.ArgumentParser()
p.add_argument("--threads", type=int, default=2)
p.add_argument("--batch", type=int, default=100)
a, _ = p.parse_known_args()
torch.set_num_threads(a.threads)
torch.manual_seed(0)
ITEMS, CODES, DIGITS, USERS, HISTORY, LIST, D, HEADS, RUNS = 12_101, 256, 16, 2_000, 20, 20, 128, 4, 5
BEAM = 2 * LIST
SIZES = [CODES, CODES, CODES, DIGITS]
ids = torch.stack([
    torch.randint(0, CODES, (ITEMS,)), torch.randint(0, CODES // 6, (ITEMS,)), torch.randint(0, CODES, (ITEMS,)),
    torch.arange(ITEMS) % DIGITS], 1)

# The trie: prefixes of each length are numbered; a table says which codes follow and where they lead.
tables, node = [], torch.zeros(ITEMS, dtype=torch.long)
for level, size in enumerate(SIZES):
    keys, inverse = torch.unique(node * size + ids[:, level], return_inverse=True)
    child = torch.full((int(node.max()) + 1, size), -1)
    child[keys // size, keys % size] = torch.arange(len(keys))
    tables.append(child)
    node = inverse


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.o = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.up, self.down = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.n1(x)).view(b, t, 3, HEADS, d // HEADS).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.gelu(self.up(self.n2(x)), approximate="tanh"))


tokens = nn.ModuleList(nn.Embedding(size, D) for size in SIZES)
position, opening = nn.Embedding(HISTORY + 1, D), nn.Parameter(torch.randn(D) * .02)
blocks, norm = nn.ModuleList(Block() for _ in range(2)), nn.LayerNorm(D)
inner = nn.ModuleList(nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 2 * D), nn.GELU("tanh"), nn.Linear(2 * D, D)) for _ in SIZES)
out = nn.ModuleList(nn.LayerNorm(D) for _ in SIZES)
for table in [*tokens, position]:
    nn.init.normal_(table.weight, std=.02)


@torch.inference_mode()
def rank(history):
    users = len(history)
    x = sum(table(ids[history, level]) for level, table in enumerate(tokens))
    x = torch.cat([opening.expand(users, 1, D), x], 1) + position.weight
    for block in blocks:
        x = block(x)
    y = norm(x)[:, -1:]                                     # users × beam × D
    score, node = torch.zeros(users, 1), torch.zeros(users, 1, dtype=torch.long)
    for level, size in enumerate(SIZES):
        read = y if level == 0 else y + inner[level](y)
        child = tables[level][node]
        logits = (out[level](read) @ tokens[level].weight.T).masked_fill(child < 0, -torch.inf)
        total = (score[..., None] + F.log_softmax(logits, -1)).flatten(1)
        score, best = total.topk(min(BEAM, total.shape[1]), 1)
        parent = best // size
        node = child.flatten(1).gather(1, best)
        y = y.gather(1, parent[..., None].expand(-1, -1, D)) + tokens[level](best % size)
    return score[:, :LIST]


histories = torch.randint(0, ITEMS, (USERS, HISTORY))
rounds = []
for _ in range(RUNS):
    started = time.perf_counter()
    for batch in histories.split(a.batch):
        rank(batch)
    rounds.append(time.perf_counter() - started)
seconds = statistics.median(rounds)
print(json.dumps(dict(name="torch", users=USERS, seconds_wall=seconds, users_per_second=USERS / seconds)))
