from .episodes import SampledEpisodes as SampledEpisodes, sample_episodes as sample_episodes
from .epochs import epochs as epochs
from .lesson import teach as teach
from .lesson_page import LessonPage as LessonPage, estimate as estimate
