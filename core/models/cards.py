"""What is known of every shipped checkpoint, read from its own metadata: `python -m core.models.cards`."""

import sys

import pandas as pd

from core.models import DIGIT_NETS, MODELS, SEEDS, metadata, untrained

TRAININGS = ("trained", "plain")


def cards() -> pd.DataFrame:
    """A row a model: family, structure, number of parameters, and test accuracies in percent.

    `trained` and `plain` are seed 0's, `lowest` and `highest` those of all seeds trained in the same way, the two
    `untrained` those of the seeds' twins, and the two `moved` are under one adversarial step of 0.1 (FGSM).
    """
    return pd.DataFrame(_card(name) for name in DIGIT_NETS)


def _card(name: str) -> dict[str, object]:
    spec = MODELS[name]
    about = {training: metadata(name, training) for training in TRAININGS}
    by_epoch = [[accuracy for _, accuracy in metadata(name, f"seed-{seed}")["accuracy_by_epoch"]] for seed in SEEDS]
    twins, of_seeds = [values[0] for values in by_epoch], [values[-1] for values in by_epoch]
    return {
        "model": name,
        "family": spec.family,
        "structure": spec.title,
        "parameters": sum(weight.numel() for weight in untrained(name, seed=0).parameters()),
        "trained": about["trained"]["accuracy"],
        "lowest": min(of_seeds),
        "highest": max(of_seeds),
        "plain": about["plain"]["accuracy"],
        "lowest untrained": min(twins),
        "highest untrained": max(twins),
        "trained moved": about["trained"]["fgsm_accuracy"],
        "plain moved": about["plain"]["fgsm_accuracy"],
    }


def curves() -> pd.DataFrame:
    """Test accuracy in percent during the trainings of seed 0: a row a model, training and epoch."""
    return pd.DataFrame(
        {"model": name, "family": MODELS[name].family, "training": training, "epoch": epoch, "accuracy": accuracy}
        for name in DIGIT_NETS
        for training in TRAININGS
        for epoch, accuracy in metadata(name, training)["accuracy_by_epoch"]
    )


def markdown() -> str:
    """The README's table of the nets: accuracies in percent."""
    lines = [
        "| name | what | parameters | trained | five seeds | plain | five untrained twins |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in cards().to_dict("records"):
        seeds, twins = (f"{row['lowest' + kind]:.2f} to {row['highest' + kind]:.2f}" for kind in ("", " untrained"))
        lines.append(
            f"| `{row['model']}` | {row['structure']} | {row['parameters']:,} | {row['trained']:.2f} | {seeds} "
            f"| {row['plain']:.2f} | {twins} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(markdown() + "\n")
