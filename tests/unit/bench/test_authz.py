import pytest

from bench import authz
from core.roles.permissions import MATRIX


@pytest.fixture(scope="module")
def everybody():
    return authz.people(12, per_tenant=10)


@pytest.fixture(scope="module")
def asked(everybody):
    return authz.questions(everybody, 400)


@pytest.mark.parametrize(
    "make", [authz.ours, authz.plain_dict, authz.plain_dict_same_keys, authz.pycasbin, authz.cedar]
)
def test_every_engine_agrees_with_the_matrix(make, everybody, asked):
    assert make(everybody, asked).answers() == [authz.oracle(question) for question in asked]


def test_the_questions_leave_no_role_permission_or_answer_out(asked):
    assert {question.person.role for question in asked} == set(MATRIX)
    assert len({question.permission for question in asked}) == 6
    assert {authz.oracle(question) for question in asked} == {True, False}


def test_some_questions_are_about_another_tenant_and_all_of_those_are_refused(asked):
    foreign = [question for question in asked if question.tenant != question.person.tenant]

    assert 10 <= len(foreign) <= 80
    assert not any(authz.oracle(question) for question in foreign)


def test_the_full_size_is_a_thousand_tenants_and_ten_thousand_people():
    everybody = authz.people()

    assert len({person.tenant for person in everybody}) == 1_000
    assert len({person.user for person in everybody}) == 10_000
