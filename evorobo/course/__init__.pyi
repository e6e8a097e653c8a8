from .epochs import epochs as epochs
from .lesson import teach as teach
from .lesson_page import LessonPage as LessonPage, estimate as estimate
