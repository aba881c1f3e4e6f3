"""The unit that the link names."""

from collections.abc import Sequence

from core import charts
from core.layers import require
from core.units import Unit
from pages.frame import link
from pages.frame.notice import notice
from pages.inputs import nets


def chosen_unit(shown: Sequence[str] = (), name: str = charts.UNIT) -> Unit | None:
    """The link's unit of that name, of one of the nets that are shown, if any are named; what is wrong is said."""
    address = link.get(name)
    if not address:
        return None
    try:
        unit = Unit.parse(address)
        if shown and unit.model not in shown:
            raise ValueError(f"The link names {unit}, of a net that is not shown; shown are {', '.join(shown)}.")
        require(unit, nets.layers(unit.model))
    except ValueError as error:
        notice(error, ":material/search_off:")
        return None
    return unit
