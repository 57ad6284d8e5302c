"""The work of llm.rs with llama.cpp through llama-cpp-python: the same file, the same tokens, the same number of threads.

python llm.py MODEL.gguf [--prompt 512] [--answer 64] [--threads 2]
"""
import argparse
import json
import time

import llama_cpp

p = argparse.ArgumentParser()
p.add_argument("file")
p.add_argument("--prompt", type=int, default=512)
p.add_argument("--answer", type=int, default=64)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--repeat", type=int, default=3)
a, _ = p.parse_known_args()
model = llama_cpp.Llama(
    a.file, n_ctx=a.prompt + a.answer, n_batch=512, n_ubatch=512, n_threads=a.threads, n_threads_batch=a.threads,
    n_gpu_layers=0, verbose=False)
token = lambda at: 1_000 + at * 7_919 % 20_000
prompt = [token(at) for at in range(a.prompt)]
model.eval(prompt[:16])


def measure(name, tokens, work):
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps(dict(name=name, tokens=tokens, seconds_wall=wall, seconds_cpu=cpu)))


def decode():
    for at in range(a.prompt, a.prompt + a.answer):
        model.eval([token(at)])


for _ in range(a.repeat):
    model.reset()
    measure("prefill", a.prompt, lambda: model.eval(prompt))
    measure("decode", a.answer, decode)
