"""Import of published weights as a genome, which can be tested, imitated and trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError
from evorobo.export.infer_spec import has_outputs_within_one, infer_spec, parse_layers
from evorobo.export.json_file import read_json_file
from evorobo.export.layouts import (
    ForeignLayer,
    flatten_pairs,
    from_matrices,
    from_state_dict,
    is_flat,
    is_state_dict,
)
from evorobo.export.state_dicts import TORCH_SUFFIXES, StateDict, read_state_dict, read_torch_file, select_names
from evorobo.files import as_path, read_json, read_npz
from evorobo.nets.dense import Dense
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec


def import_genome(
    source: str | Path | Mapping[str, Any],
    spec: NetworkSpec | None = None,
    *,
    activation: str | None = None,
    output: str | None = None,
    only: str | Sequence[str] = (),
    transposed: bool | None = None,
    actions: str | None = None,
) -> Genome:
    """Read the weights of a published network, or a JSON file of `export_genome`, as a genome.

    The layouts of weights are described in `evorobo.export.layouts`. No code in the file runs. What a file leaves open
    and what no default can decide is an error that names the argument which decides it.

    Parameters
    ----------
    source : str, Path or mapping
        A PyTorch `state_dict` or a checkpoint that holds one (`.pt`, `.pth`, `.ckpt`, or in memory), an archive of
        Stable-Baselines3 (`.zip`), an NPZ or JSON list of matrices, JSON of all weights in a row, or JSON that
        `export_genome` wrote.
    spec : NetworkSpec, optional
        The layers that take the weights. By default they follow from the shapes; weights in a row need a spec, and so
        do layer normalization and other vectors that shapes do not tell apart.
    activation : str, optional
        Without a spec, the activation of dense and Elman layers. The default is that of a policy of Stable-Baselines3,
        and "tanh" for all others.
    output : str, optional
        Without a spec, the activation of a dense layer at the end. The default is that of a policy of
        Stable-Baselines3, and "identity" for all others.
    only : str or sequence of str, optional
        Only arrays whose names begin with one of these are read, such as "actor" or "mlp_extractor.policy_net".
    transposed : bool, optional
        Whether matrices are `(out, in)`. By default their shapes decide, weights in a row are `(in, out)`, and those
        of a `state_dict` are `(out, in)`.
    actions : {"scale", "clip"}, optional
        How a robot with motor limits reads the outputs (see `Genome`). The default is "scale" for outputs from -1 to 1
        by their activation, and "clip" for all others.

    Returns
    -------
    Genome
        Its weights have double precision, or that of the exported genome.

    Raises
    ------
    DataError
        For a file that is missing, damaged, does not fit the spec, or can be read in two ways.
    SettingsError
        Where a spec or a package is missing, or an activation is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import import_genome
    >>> genome = import_genome({"0.weight": np.ones((4, 3)), "0.bias": np.zeros(4), "2.weight": np.ones((1, 4))})
    >>> genome.spec.widths, genome.actions
    ((3, 4, 1), 'clip')
    """
    return read_foreign_genome(source, Reading(spec, activation, output, only, transposed, actions)).genome


@dataclass(frozen=True)
class Reading:
    """The arguments of `import_genome` that say how a file is read; None where a default decides."""

    spec: NetworkSpec | str | None = None
    activation: str | None = None
    output: str | None = None
    only: str | Sequence[str] = ()
    transposed: bool | None = None
    actions: str | None = None

    @property
    def network(self) -> NetworkSpec | None:
        """The spec; a text is that of `--layers`."""
        if isinstance(self.spec, str):
            return parse_layers(self.spec, self.hidden_activation, self.output_activation)
        return self.spec

    @property
    def hidden_activation(self) -> str:
        return self.activation or "tanh"

    @property
    def output_activation(self) -> str:
        return self.output or "identity"

    @property
    def prefixes(self) -> Sequence[str]:
        return (self.only,) if isinstance(self.only, str) else self.only


@dataclass(frozen=True)
class ForeignGenome:
    """A genome and what its reading took for granted, a sentence each, with the flag that changes it."""

    genome: Genome
    assumptions: tuple[str, ...] = ()


def read_foreign_genome(source: str | Path | Mapping[str, Any], reading: Reading) -> ForeignGenome:
    """The genome of `import_genome`, with the assumptions."""
    if isinstance(source, Mapping):
        where = "the state_dict"
        return _from_state_dict(read_state_dict(source, where, reading.prefixes), where, reading)
    path = as_path(source)
    if not path.is_file():
        raise DataError(f"there is no file {path} to import.")
    suffix = path.suffix.lower()
    if suffix in TORCH_SUFFIXES:
        return _from_state_dict(read_torch_file(path, reading.prefixes), str(path), reading)
    if suffix == ".npz":
        arrays = read_npz(path)
        if is_state_dict(arrays):
            return _from_state_dict(read_state_dict(arrays, str(path), reading.prefixes), str(path), reading)
        wanted = [arrays[name] for name in select_names(arrays, reading.prefixes)]
        return _fill(from_matrices(wanted, reading.transposed, str(path), reading.network), str(path), reading)
    if suffix != ".json":
        raise DataError(
            f"{path.name} is no file that can be imported; give one of {', '.join(TORCH_SUFFIXES)}, .npz, .json."
        )
    plain = read_json(path)
    if isinstance(plain, dict):
        genome = read_json_file(plain, path)
        return ForeignGenome(replace(genome, actions=reading.actions or genome.actions))
    if not isinstance(plain, list):
        raise DataError(f"{path} holds no list of weights.")
    if is_flat(plain):
        return _from_row(plain[0] if isinstance(plain[0], list) else plain, path, reading)
    try:
        layers = from_matrices(flatten_pairs(plain), reading.transposed, str(path), reading.network)
    except ValueError as error:  # rows of unequal length
        raise DataError(f"{path} holds an invalid matrix ({error}).") from error
    return _fill(layers, str(path), reading)


def _from_state_dict(state: StateDict, where: str, reading: Reading) -> ForeignGenome:
    arrays = dict(state.arrays)
    assumptions: tuple[str, ...] = ()
    if policy := state.policy:
        assumptions = (
            f"it is {policy.title}: {policy.activation} hidden layers, {policy.output} outputs "
            "(--only, --activation, --output)",
        )
        reading = replace(
            reading, activation=reading.activation or policy.activation, output=reading.output or policy.output
        )
    scalers = []  # these and the limits are in files that `export_genome` wrote
    for name in ("sensor", "output"):
        mean, sd = arrays.pop(f"{name}_mean", None), arrays.pop(f"{name}_sd", None)
        scalers.append(Scaler(mean, sd) if mean is not None and sd is not None else None)
    limits = [arrays.pop(f"action_{name}", None) for name in ("low", "high", "center", "half")]
    if limits[0] is not None:
        reading = replace(reading, actions=reading.actions or ("clip" if limits[-1] is None else "scale"))
    foreign = _fill(from_state_dict(arrays, where, reading.transposed is not False), where, reading)
    genome = replace(foreign.genome, input_scaler=scalers[0], output_scaler=scalers[1])
    return ForeignGenome(genome, (*assumptions, *foreign.assumptions))


def _from_row(numbers: list[Any], path: Path, reading: Reading) -> ForeignGenome:
    spec = reading.network
    if spec is None:
        raise SettingsError(
            f"{path} holds {len(numbers)} weights in a row without the widths of layers; give a spec (--layers)."
        )
    if len(numbers) != spec.n_params:
        widths = " -> ".join(map(str, spec.widths))
        raise DataError(f"{path} holds {len(numbers)} weights, and layers of {widths} need {spec.n_params}.")
    weights = _check_finite(np.array(numbers, float), str(path))
    assumptions: tuple[str, ...] = ()
    if reading.transposed:
        for views in spec.unpack(weights):
            for view in views.values():
                view[...] = view.reshape(view.shape[::-1]).T
    elif reading.transposed is None:
        assumptions = ("matrices in the row are (in, out), row by row (--transposed for (out, in))",)
    return _finish(Genome(spec, weights), reading, assumptions)


def _fill(layers: list[ForeignLayer], where: str, reading: Reading) -> ForeignGenome:
    """A genome with these parameters, layer by layer."""
    if not layers:
        raise DataError(f"{where} holds no weights of that name or kind.")
    spec = reading.network or infer_spec(layers, reading.hidden_activation, reading.output_activation, where)
    weights, running_stats = np.empty(spec.n_params), np.empty(spec.n_running_stats)
    unpacked = zip(spec.unpack(weights), spec.unpack_running_stats(running_stats), strict=True)
    targets = [(number, {**views, **stats}) for number, (views, stats) in enumerate(unpacked) if views]
    if len(targets) != len(layers):
        raise DataError(f"{where} holds weights of {len(layers)} layers, the spec has {len(targets)} with weights.")
    for (number, views), layer in zip(targets, layers, strict=True):
        _fill_layer(views, layer, f"{where}: layer {number}")
    stats = _check_finite(running_stats, where) if spec.n_running_stats else None
    return _finish(Genome(spec, _check_finite(weights, where), running_stats=stats), reading)


def _fill_layer(views: Mapping[str, Array], layer: ForeignLayer, where: str) -> None:
    parameters = layer.parameters
    if "gain" in parameters and "shift" in views:  # a normalization without shift
        parameters = {"shift": np.zeros_like(parameters["gain"])} | parameters
    if set(views) != set(parameters):
        names = (", ".join(sorted(arrays)) for arrays in (parameters, views))
        raise DataError("{} holds {}, and the spec has {}.".format(where, *names))
    for name, view in views.items():
        if parameters[name].shape != view.shape:
            raise DataError(
                f"{where} has a {name} of shape {parameters[name].shape}, and {view.shape} would fit; choose the "
                "layers of one network with only=(...) (--only), or give their spec."
            )
        view[...] = parameters[name]


def _finish(genome: Genome, reading: Reading, assumptions: tuple[str, ...] = ()) -> ForeignGenome:
    """The genome with the reading of its actions, and all assumptions."""
    spec, activation, output = genome.spec, reading.hidden_activation, reading.output_activation
    if not isinstance(reading.spec, NetworkSpec):
        ends_dense = isinstance(spec.layers[-1], Dense)
        hidden = spec.layers[:-1] if ends_dense else spec.layers
        if reading.activation is None and any(vars(layer).get("activation") == activation for layer in hidden):
            assumptions += (f"hidden layers are {activation} (--activation)",)
        if reading.output is None and ends_dense and vars(spec.layers[-1])["activation"] == output:
            assumptions += (f"the last layer is {output} (--output)",)
    actions = reading.actions
    if actions is None and has_outputs_within_one(spec):
        actions = "scale"
        assumptions += ("outputs from -1 to 1 are scaled to the limits of motors (--actions clip)",)
    elif actions is None:
        actions = "clip"
        assumptions += ("outputs are motor values, clipped to the limits of motors (--actions scale)",)
    return ForeignGenome(replace(genome, actions=actions), assumptions)


def _check_finite(weights: Array, where: str) -> Array:
    if not np.isfinite(weights).all():
        raise DataError(f"{where} holds weights that are not finite numbers.")
    return weights
