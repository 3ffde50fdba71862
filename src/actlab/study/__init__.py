"""What works best: measured comparisons with paired seeds, equal treatment and honest statistics."""

from .comparison import Comparison, Failure, Row
from .conduct import Progress, compare
from .plan import BUDGETS, Budget
from .statistics import Difference
from .tasks import TASKS, Task, find_task

__all__ = [
    "BUDGETS",
    "TASKS",
    "Budget",
    "Comparison",
    "Difference",
    "Failure",
    "Progress",
    "Row",
    "Task",
    "compare",
    "find_task",
]
