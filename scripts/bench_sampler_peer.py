"""The peer's side of scripts/bench sampler.embedded: diffusers on the weights of a manifest, from the start noise that alea wrote.

    .deps/peers/bin/python scripts/bench_sampler_peer.py MANIFEST TRAJECTORY.safetensors STEPS THREADS

Prints seconds of the fastest run and the largest difference from alea's end, divided by max|x|.
"""

import json
import pathlib
import sys
import time

import torch
from diffusers import DDIMScheduler, UNet2DModel
from safetensors.torch import load_file


def network(manifest, folder):
    options = manifest["architecture"]
    attention = options["attention"]
    model = UNet2DModel(
        sample_size=manifest["shape"][1], in_channels=options["in_channels"], out_channels=options["out_channels"],
        block_out_channels=options["block_channels"], layers_per_block=options.get("layers_per_block", 2),
        down_block_types=["AttnDownBlock2D" if a else "DownBlock2D" for a in attention],
        up_block_types=["AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attention)],
        norm_num_groups=options.get("norm_groups", 32), norm_eps=options.get("norm_eps", 1e-6),
        attention_head_dim=options.get("attention_head_width", 0) or None,
        downsample_padding=1 if options.get("symmetric_downsample", False) else 0,
        flip_sin_to_cos=options.get("cos_first", False), freq_shift=options.get("frequency_shift", 1))
    weights = load_file(folder / manifest["weights"])
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return model.eval()


def scheduler(manifest, steps):
    options = manifest["schedule"]
    out = DDIMScheduler(num_train_timesteps=options.get("train_steps", 1000), beta_start=options.get("beta_first", 1e-4),
                        beta_end=options.get("beta_last", 0.02), beta_schedule="linear", clip_sample=True, set_alpha_to_one=True,
                        timestep_spacing="leading")
    out.set_timesteps(steps)
    return out


@torch.inference_mode()
def sample(model, solver, x):
    for t in solver.timesteps:
        x = solver.step(model(x, t).sample, t, x).prev_sample
    return x


def timed(model, manifest, steps, x):
    sample(model, scheduler(manifest, 2), x)  # first calls choose kernels and fetch memory
    solver = scheduler(manifest, steps)
    start = time.perf_counter()
    end = sample(model, solver, x)
    return time.perf_counter() - start, end


def main():
    path, trajectory, steps, threads = pathlib.Path(sys.argv[1]), load_file(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    manifest = json.loads(path.read_text())
    model = network(manifest, path.parent)
    runs = []
    for layout in (torch.contiguous_format, torch.channels_last):
        runs.append(timed(model.to(memory_format=layout), manifest, steps, trajectory["x_T"].to(memory_format=layout)))
    ours = trajectory["sample"]
    difference = max((end - ours).abs().max().item() for _, end in runs)
    print(min(seconds for seconds, _ in runs), difference / ours.abs().max().item())


if __name__ == "__main__":
    main()
