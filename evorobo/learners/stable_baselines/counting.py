"""Counts the floating-point operations of PyTorch's dense layers and optimizers while they run."""

from __future__ import annotations

from typing import Any

import torch

from evorobo.flops import product_flops
from evorobo.nets.optimizers import Adam, RMSprop
from evorobo.tasks.base import Cost


class FlopCounter:
    """Counts the operations of all dense layers of a model, and of its optimizers.

    A forward pass counts 2 operations for each weight and row. Where gradients are recorded, the backward pass is
    counted with it: as much for the gradient of the weights, and as much for that of the inputs, if either is needed.
    An update counts as that of our optimizer of this name.
    """

    def __init__(self, model: torch.nn.Module, optimizers: list[torch.optim.Optimizer]) -> None:
        self.forward = self.backward = self.update = 0
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                module.register_forward_hook(self._count_layer)
        for optimizer in optimizers:
            optimizer.register_step_post_hook(self._count_update)

    @property
    def cost(self) -> Cost:
        return Cost(forward_flops=self.forward, backward_flops=self.backward, update_flops=self.update)

    @cost.setter
    def cost(self, cost: Cost) -> None:
        self.forward, self.backward, self.update = cost.forward_flops, cost.backward_flops, cost.update_flops

    def _count_layer(self, layer: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        flops = product_flops(inputs[0].numel() // layer.in_features, layer.in_features, layer.out_features)
        self.forward += flops
        if torch.is_grad_enabled():
            self.backward += flops * (int(layer.weight.requires_grad) + int(inputs[0].requires_grad))

    def _count_update(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        rule = RMSprop() if "RMSprop" in type(optimizer).__name__ else Adam()
        parameters = (parameter for group in optimizer.param_groups for parameter in group["params"])
        self.update += rule.update_flops(sum(each.numel() for each in parameters if each.grad is not None))
