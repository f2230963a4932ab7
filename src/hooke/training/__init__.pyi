# The public names of this package and the modules that they come from.
from hooke.training.bundles.export_run import export as export
from hooke.training.classifier.config import ClassifierConfig as ClassifierConfig
from hooke.training.config import load_config as load_config
from hooke.training.coordinate.config import CoordinateConfig as CoordinateConfig
from hooke.training.explain import explain_run as explain_run
from hooke.training.explain import write_explanations as write_explanations
from hooke.training.pretraining.config import PretrainConfig as PretrainConfig
from hooke.training.pretraining.config import load_pretrain_config as load_pretrain_config
from hooke.training.pretraining.loop import pretrain as pretrain
from hooke.training.samples import SampleStore as SampleStore
from hooke.training.samples import list_records as list_records
from hooke.training.sanity_checks import fast_dev_run as fast_dev_run
from hooke.training.sanity_checks import overfit as overfit
from hooke.training.segmentation.config import TrainConfig as TrainConfig
from hooke.training.segmentation.module import predict_sample as predict_sample
from hooke.training.tasks import load_run as load_run
from hooke.training.tasks import train as train
