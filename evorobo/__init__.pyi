__version__: str

from .errors import (
    DataError as DataError,
    EvoroboError as EvoroboError,
    LearningError as LearningError,
    ResultsError as ResultsError,
    SettingsError as SettingsError,
    TaskError as TaskError,
)
from .export.export_genome import export_genome as export_genome
from .export.import_genome import import_genome as import_genome
from .fields import Limits as Limits
from .learners.archive import Archive as Archive
from .learners.backprop.backprop import Backprop as Backprop
from .learners.backprop.dagger import DAgger as DAgger
from .learners.backprop.rate_finder import (
    RateSweep as RateSweep,
    learning_rate_finder as learning_rate_finder,
)
from .learners.backprop.stopping import EarlyStopping as EarlyStopping
from .learners.base import Learner as Learner, Method as Method, StepResult as StepResult
from .learners.budget import Budget as Budget
from .learners.evolution.coevolution import Coevolution as Coevolution
from .learners.evolution.evolution import Evolution as Evolution
from .learners.evolution.operators.crossover import (
    Blend as Blend,
    SimulatedBinary as SimulatedBinary,
    Uniform as Uniform,
)
from .learners.evolution.operators.mutation import Gaussian as Gaussian, Polynomial as Polynomial
from .learners.evolution.operators.replacement import Generational as Generational, SteadyState as SteadyState
from .learners.evolution.operators.selection import Tournament as Tournament
from .learners.evolution.strategies.ars import ARS as ARS
from .learners.evolution.strategies.canonical_es import CanonicalES as CanonicalES
from .learners.evolution.strategies.cma_es import CMAES as CMAES
from .learners.evolution.strategies.deap_strategy import DEAPStrategy as DEAPStrategy
from .learners.evolution.strategies.deep_ga import DeepGA as DeepGA
from .learners.evolution.strategies.differential import DifferentialEvolution as DifferentialEvolution
from .learners.evolution.strategies.genetic import GA as GA
from .learners.evolution.strategies.grid import Grid as Grid
from .learners.evolution.strategies.map_elites import MAPElites as MAPElites
from .learners.evolution.strategies.novelty import NoveltySearch as NoveltySearch
from .learners.evolution.strategies.nsga2 import NSGA2 as NSGA2
from .learners.evolution.strategies.one_plus_one import OnePlusOneCMAES as OnePlusOneCMAES
from .learners.evolution.strategies.openai_es import OpenAIES as OpenAIES
from .learners.evolution.strategies.pgpe import PGPE as PGPE
from .learners.evolution.strategies.random_search import RandomSearch as RandomSearch
from .learners.evolution.strategies.self_adaptive import SelfAdaptiveES as SelfAdaptiveES
from .learners.evolution.strategies.sep_cma_es import SepCMAES as SepCMAES
from .learners.evolution.strategies.snes import SNES as SNES
from .learners.evolution.strategies.swarm import ParticleSwarm as ParticleSwarm
from .learners.evolution.strategies.xnes import XNES as XNES
from .learners.evolution.wrappers.bounded import Bounded as Bounded
from .learners.evolution.wrappers.hall_of_fame import HallOfFame as HallOfFame
from .learners.evolution.wrappers.mapped import Mapped as Mapped
from .learners.evolution.wrappers.restart_schemes import BIPOP as BIPOP, IPOP as IPOP
from .learners.evolution.wrappers.restarts import Restarts as Restarts
from .learners.evolution.wrappers.termination import TerminationCriteria as TerminationCriteria
from .learners.gradients.analytic import AnalyticGradient as AnalyticGradient
from .learners.gradients.shac import SHAC as SHAC
from .learners.penalties import L1 as L1, L2 as L2, Penalty as Penalty
from .learners.policy_gradients.a2c import A2C as A2C
from .learners.policy_gradients.ppo import PPO as PPO
from .learners.stable_baselines.method import StableBaselines as StableBaselines
from .learners.stages import Stage as Stage, Stages as Stages
from .nets.activations import Activation as Activation
from .nets.batch_norm import BatchNorm as BatchNorm
from .nets.clip_up import ClipUp as ClipUp
from .nets.cross_entropy import CrossEntropy as CrossEntropy
from .nets.ctrnn import CTRNN as CTRNN
from .nets.data_format import DataFormat as DataFormat, RollingWindow as RollingWindow
from .nets.dense import Dense as Dense
from .nets.dropout import Dropout as Dropout
from .nets.elman import Elman as Elman
from .nets.genome import Genome as Genome
from .nets.gru import GRU as GRU
from .nets.layer import Layer as Layer, Parameter as Parameter
from .nets.layer_norm import LayerNorm as LayerNorm
from .nets.losses import MAE as MAE, MSE as MSE, GaussianNLL as GaussianNLL, Huber as Huber, Loss as Loss
from .nets.lstm import LSTM as LSTM
from .nets.optimizers import (
    SGD as SGD,
    Adam as Adam,
    AdamW as AdamW,
    Momentum as Momentum,
    Nesterov as Nesterov,
    Optimizer as Optimizer,
    RMSprop as RMSprop,
)
from .nets.output import Output as Output
from .nets.passes import forward as forward, gradient as gradient
from .nets.scaling import Scaler as Scaler
from .nets.schedules import (
    Constant as Constant,
    Cosine as Cosine,
    Exponential as Exponential,
    Linear as Linear,
    ReduceOnPlateau as ReduceOnPlateau,
    Schedule as Schedule,
    Step as Step,
    WarmUp as WarmUp,
)
from .nets.spec import NetworkSpec as NetworkSpec
from .registry import register_component as register_component
from .report.analysis.compare import compare as compare
from .report.analysis.transfer import transfer as transfer
from .report.comparison import write_comparison as write_comparison
from .report.figures.settings import FigureSettings as FigureSettings
from .report.figures.solving import solving as solving
from .report.figures.tournament import tournament as tournament
from .report.formats.dataframe import load_results as load_results
from .report.page.page import write_report as write_report
from .report.plot import plot as plot
from .report.replay.replay import Replay as Replay
from .report.study import show as show
from .script import main as main
from .study.baselines import Baseline as Baseline
from .study.callbacks import Callback as Callback, TrialState as TrialState
from .study.stopping import Stagnation as Stagnation, StopAt as StopAt, StopWhen as StopWhen
from .study.study import Study as Study
from .study.trackers.base import TrackedTrial as TrackedTrial, Tracker as Tracker, TrackerRun as TrackerRun
from .study.trackers.mlflow import MLflow as MLflow
from .study.trackers.tensorboard import TensorBoard as TensorBoard
from .study.trackers.wandb import WandB as WandB
from .study.trial import Trial as Trial
from .study.tuning.tuned import tuned as tuned
from .study.tuning.tuning import tune as tune
from .tasks.base import (
    Cost as Cost,
    Examples as Examples,
    MetricInfo as MetricInfo,
    Scores as Scores,
    Task as Task,
    UnlabelledInputs as UnlabelledInputs,
)
from .tasks.control.robots.base import Robot as Robot
from .tasks.control.robots.contestant import Contestant as Contestant
from .tasks.control.robots.registry import register as register
from .tasks.control.task import ControlTask as ControlTask
from .tasks.control.teaching.demonstrations import Demonstrations as Demonstrations
from .tasks.control.teaching.teachers import MixedTeachers as MixedTeachers, NoisyTeacher as NoisyTeacher
from .tasks.data.class_metrics import (
    Accuracy as Accuracy,
    BalancedAccuracy as BalancedAccuracy,
    ClassRecall as ClassRecall,
    LogLoss as LogLoss,
    MacroF1 as MacroF1,
)
from .tasks.data.dataset import Dataset as Dataset
from .tasks.data.folds import folds as folds
from .tasks.data.metrics import (
    NMSE as NMSE,
    R2 as R2,
    RMSE as RMSE,
    MeanAbsoluteError as MeanAbsoluteError,
    Metric as Metric,
)
from .tasks.data.parts import Parts as Parts, Split as Split
from .tasks.data.readers import read_table as read_table
from .tasks.data.splits import (
    BlockSplit as BlockSplit,
    ChronologicalSplit as ChronologicalSplit,
    FoldSplit as FoldSplit,
    GivenSplit as GivenSplit,
    GroupSplit as GroupSplit,
    RandomSplit as RandomSplit,
)
from .tasks.data.tables import Table as Table, make_table as make_table
from .tasks.data.task import DatasetTask as DatasetTask
