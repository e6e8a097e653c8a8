"""The part of a task that evaluates genomes on the rows of a table."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from evorobo.docstrings import inherit_docs
from evorobo.errors import SettingsError
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task
from evorobo.tasks.capabilities import HasMetrics, HasValidationCost
from evorobo.tasks.data.evaluation import Evaluation
from evorobo.tasks.data.parts import Parts


@inherit_docs
class EvaluatesRows(Task, HasValidationCost, HasMetrics):
    """Validates and tests genomes on the `parts` of a table."""

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """Numbers of the training, validation and test rows."""

    @property
    @abstractmethod
    def _evaluation(self) -> Evaluation: ...

    def validate(self, genome: Genome) -> float:
        """Evaluate a genome on the validation rows.

        Parameters
        ----------
        genome : Genome
            The trained network.

        Returns
        -------
        float
            The metric; NaN if the split has no validation rows.
        """
        self._check_network(genome.spec)
        return self._evaluation.value(genome, self.parts.validation)

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        rows = self.parts.validation
        computed = len(self._evaluation.sequences.whole(rows).rows) if len(rows) else 0  # padding of sequences included
        return self.validate(genome), Cost(samples=len(rows), forward_flops=computed * genome.spec.forward_flops)

    def test(self, genome: Genome) -> float:
        self._check_network(genome.spec)
        return self._evaluation.value(genome, self.parts.test)

    def test_metrics(self, genome: Genome) -> dict[str, float]:
        self._check_network(genome.spec)
        return self._evaluation.columns(genome, self.parts.test)

    def predict(self, genome: Genome, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predict rows of the table.

        Parameters
        ----------
        genome : Genome
            The trained network.
        rows : array of int of shape (k,)
            Sorted row numbers. Rows that `scored_steps` leaves out are passed through the network but not returned.

        Returns
        -------
        predictions : array of shape (k, n_targets) or (k,)
            Predicted values in the units of the targets, or class numbers.
        targets : array of shape (k, n_targets) or (k,)
            The true values or class numbers.
        """
        self._check_network(genome.spec)
        outputs, targets = self._evaluation.outputs(genome, rows)
        return self._evaluation.loss.predict(outputs), targets

    def metric_on(self, genome: Genome, rows: np.ndarray) -> float:
        """Evaluate a genome on any rows of the table by the metric that decides.

        Parameters
        ----------
        genome : Genome
            The network.
        rows : array of int of shape (k,)
            Sorted row numbers.

        Returns
        -------
        float
            The metric; NaN without rows.
        """
        self._check_network(genome.spec)
        return self._evaluation.value(genome, rows)

    def loss_on(self, genome: Genome, rows: np.ndarray) -> float:
        """Compute the loss of training on any rows of the table, with equal weights and scaled target values.

        Parameters
        ----------
        genome : Genome
            The network.
        rows : array of int of shape (k,)
            Sorted row numbers.

        Returns
        -------
        float
            The mean loss.
        """
        self._check_network(genome.spec)
        return self._evaluation.loss_value(genome, rows)

    def scored_rows(self, rows: np.ndarray) -> np.ndarray:
        """Select the rows that count in validation and test.

        Parameters
        ----------
        rows : array of int of shape (k,)
            Row numbers.

        Returns
        -------
        array of int
            Those of `rows` where the column `scored_steps` is 1; all of them without such a column.
        """
        return self._evaluation.targets.scored(rows)

    def sequences(self, rows: np.ndarray) -> np.ndarray | None:
        """Number the sequences of rows. A new one begins where the column `sequence` changes or rows are left out.

        Parameters
        ----------
        rows : array of int of shape (k,)
            Sorted row numbers.

        Returns
        -------
        array of int of shape (k,) or None
            Number of the sequence of each row; None if rows are independent.
        """
        return self._evaluation.sequences.ids(rows)

    def _check_network(self, spec: NetworkSpec) -> None:
        if (spec.n_inputs, spec.n_outputs) != (self.n_inputs, self.n_outputs):
            raise SettingsError(
                f"{self.name} has {self.n_inputs} inputs and {self.n_outputs} outputs, "
                f"the network {spec.n_inputs} and {spec.n_outputs}."
            )
        if spec.recurrent and self._evaluation.sequences.column is None:
            raise SettingsError(
                f"rows of {self.name} are independent, but this network is recurrent; name the column that separates "
                "sequences, for example sequence='lap'."
            )
