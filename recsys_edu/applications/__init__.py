"""Chapter 6: five services that the article names, each as a miniature that works and is measured.

    amazon     similar items, built before anybody asks
    netflix    biases that move with time, then factors
    spotify    item2vec, and what comes next in a session
    jd         attention over a user's history, by Alibaba's DIN
    youtube    some hundred candidates, then a ranker

Each follows a paper that its page names, not the service's code, which nobody outside has seen. The services learn from
clicks, purchases and minutes of millions of people; here are 100,000 ratings, and a rating, whatever its stars, stands
for a choice.
"""
