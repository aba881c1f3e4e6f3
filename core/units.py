"""The address of a unit: `model/layer/index`, the same text in links, file names, commands and errors."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Unit:
    """One channel, neuron or recurrent cell of a layer."""

    model: str
    layer: str
    index: int

    def __str__(self) -> str:
        return f"{self.model}/{self.layer}/{self.index}"

    @classmethod
    def parse(cls, address: str) -> "Unit":
        """The unit that an address names; ValueError where the text is no address."""
        parts = address.split("/")
        if len(parts) != 3 or not all(parts) or not (parts[2].isascii() and parts[2].isdigit()):
            raise ValueError(
                f"A unit's address reads model/layer/index, as in cnn/conv3/12; {address[:60]!r} does not."
            )
        return cls(parts[0], parts[1], int(parts[2]))
