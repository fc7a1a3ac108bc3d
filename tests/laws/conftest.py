"""Laws: what is asserted beside them says what differs, as a test does."""

import pytest

pytest.register_assert_rewrite("comparison")
