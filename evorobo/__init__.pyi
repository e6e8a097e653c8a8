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
from .learners.archive import Archive as Archive
from .learners.backprop.backprop import Backprop as Backprop
from .learners.backprop.dagger import DAgger as DAgger
from .learners.backprop.epochs import epochs as epochs
from .learners.backprop.rate_finder import (
    RateSweep as RateSweep,
    learning_rate_finder as learning_rate_finder,
)
from .learners.backprop.stopping import EarlyStopping as EarlyStopping
from .learners.evolution.ars import ARS as ARS
from .learners.evolution.bounded import Bounded as Bounded
from .learners.evolution.canonical_es import CanonicalES as CanonicalES
from .learners.evolution.cma_es import CMAES as CMAES
from .learners.evolution.coevolution import Coevolution as Coevolution
from .learners.evolution.deep_ga import DeepGA as DeepGA
from .learners.evolution.differential import DifferentialEvolution as DifferentialEvolution
from .learners.evolution.elites import Grid as Grid
from .learners.evolution.evolution import Evolution as Evolution
from .learners.evolution.genetic import GA as GA
from .learners.evolution.hall_of_fame import HallOfFame as HallOfFame
from .learners.evolution.map_elites import MAPElites as MAPElites
from .learners.evolution.mapped import Mapped as Mapped
from .learners.evolution.novelty import NoveltySearch as NoveltySearch
from .learners.evolution.nsga2 import NSGA2 as NSGA2
from .learners.evolution.one_plus_one import OnePlusOneCMAES as OnePlusOneCMAES
from .learners.evolution.openai_es import OpenAIES as OpenAIES
from .learners.evolution.pgpe import PGPE as PGPE
from .learners.evolution.random_search import RandomSearch as RandomSearch
from .learners.evolution.restarts import Restarts as Restarts
from .learners.evolution.self_adaptive import SelfAdaptiveES as SelfAdaptiveES
from .learners.evolution.sep_cma_es import SepCMAES as SepCMAES
from .learners.evolution.snes import SNES as SNES
from .learners.evolution.standstill import Standstill as Standstill
from .learners.evolution.swarm import ParticleSwarm as ParticleSwarm
from .learners.evolution.xnes import XNES as XNES
from .learners.penalties import L1 as L1, L2 as L2
from .lesson import teach as teach
from .nets.batch_norm import BatchNorm as BatchNorm
from .nets.ctrnn import CTRNN as CTRNN
from .nets.dense import Dense as Dense
from .nets.dropout import Dropout as Dropout
from .nets.elman import Elman as Elman
from .nets.genome import Genome as Genome
from .nets.gru import GRU as GRU
from .nets.layer_norm import LayerNorm as LayerNorm
from .nets.losses import (
    MAE as MAE,
    MSE as MSE,
    CrossEntropy as CrossEntropy,
    GaussianNLL as GaussianNLL,
    Huber as Huber,
)
from .nets.lstm import LSTM as LSTM
from .nets.optimizers import (
    SGD as SGD,
    Adam as Adam,
    AdamW as AdamW,
    ClipUp as ClipUp,
    Momentum as Momentum,
    Nesterov as Nesterov,
    RMSprop as RMSprop,
)
from .nets.output import Output as Output
from .nets.passes import forward as forward, gradient as gradient
from .nets.schedules import (
    Constant as Constant,
    Cosine as Cosine,
    Exponential as Exponential,
    ReduceOnPlateau as ReduceOnPlateau,
    Step as Step,
    WarmUp as WarmUp,
)
from .nets.spec import NetworkSpec as NetworkSpec
from .report.compare import compare as compare
from .report.dataframe import load_results as load_results
from .report.lesson import estimate as estimate
from .report.page.page import write_report as write_report
from .report.replay import Replay as Replay
from .report.solving import solving as solving
from .report.study import show as show
from .report.tournament import tournament as tournament
from .report.transfer import transfer as transfer
from .script import main as main
from .study.baselines import Baseline as Baseline
from .study.budget import Budget as Budget
from .study.callbacks import Callback as Callback, News as News
from .study.stopping import Stagnation as Stagnation, StopAt as StopAt, StopWhen as StopWhen
from .study.study import Study as Study
from .study.trial import Trial as Trial
from .study.tuned import tuned as tuned
from .study.tuning import tune as tune
from .tasks.control import ControlTask as ControlTask
from .tasks.dataset import DatasetTask as DatasetTask
from .tasks.demonstrations import Demonstrations as Demonstrations
from .tasks.folds import folds as folds
from .tasks.measures import NMSE as NMSE, RMSE as RMSE, Accuracy as Accuracy
from .tasks.robots.base import Robot as Robot
from .tasks.robots.contestant import Contestant as Contestant
from .tasks.robots.registry import register as register
from .tasks.splits import (
    BlockSplit as BlockSplit,
    ChronologicalSplit as ChronologicalSplit,
    FoldSplit as FoldSplit,
    GivenSplit as GivenSplit,
    GroupSplit as GroupSplit,
    RandomSplit as RandomSplit,
)
from .tasks.teachers import MixedTeachers as MixedTeachers, NoisyTeacher as NoisyTeacher
