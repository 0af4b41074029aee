"""What a person writes without a platform: `python train.py TABLE.csv TARGET METRICS.jsonl`, for benchmarks/first_metric.py.

pandas reads the table, torch trains the network that the platform's `mlp` builds for it; each epoch's loss, and that of
the very first step, is a line in METRICS.jsonl.
"""

import json
import sys

import pandas
import torch
from torch import nn

EPOCHS, BATCH_ROWS, RATE = 5, 32, 0.003


def main(table: str, target: str, metrics: str) -> None:
    frame = pandas.read_csv(table)
    classes, labels = pandas.factorize(frame.pop(target))
    columns = pandas.get_dummies(frame.fillna(frame.median(numeric_only=True)), dtype=float)
    rows = torch.tensor(((columns - columns.mean()) / columns.std()).fillna(0.0).to_numpy(), dtype=torch.float32)
    targets = torch.tensor(classes)
    network = nn.Sequential(
        nn.Linear(rows.shape[1], 128),
        nn.GELU(),
        nn.Dropout(0.1),
        nn.Linear(128, 128),
        nn.GELU(),
        nn.Dropout(0.1),
        nn.Linear(128, len(labels)),
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE)
    with open(metrics, "w", buffering=1) as file:  # noqa: PTH123 - as people write it
        for epoch in range(EPOCHS):
            for batch in torch.randperm(len(rows)).split(BATCH_ROWS):  # type: ignore[no-untyped-call]
                loss = nn.functional.cross_entropy(network(rows[batch]), targets[batch])
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                if file.tell() == 0:
                    file.write(json.dumps({"epoch": 0, "loss": loss.item()}) + "\n")
            file.write(json.dumps({"epoch": epoch + 1, "loss": loss.item()}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
