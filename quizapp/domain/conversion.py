from quizapp.domain.scheduling import replay


def memory_of_log(reviews, day_of, weights):
    return replay([(r.rating, day_of(r.at)) for r in reviews if r.rating], weights)


def memory_of_sm2(ease, interval, weights):
    return (float(interval), 5.0)
